"""Token introspection (RFC 7662): the answer of validation, for resource servers that ask over HTTP as a client."""

from contextlib import suppress
from typing import Protocol

from core.domain.authorization.endpoint import require_clients_enabled
from core.domain.clients.authentication import AssertionIntents, ClientAuthentication, ClientCredentials, Proven
from core.domain.clients.client import ClientIntents, note_use
from core.domain.clock import Clock
from core.domain.errors import InvalidClient, InvalidRequest, StoreUnavailable, UnauthorizedClient
from core.domain.policy import PolicySource
from core.domain.tokens.resource import audiences_of, normalise_resource
from core.domain.tokens.validation import Inactive, Validation, ValidToken
from core.domain.writing import Writes


class IntrospectionTransaction(AssertionIntents, ClientIntents, Protocol):
    """What is written when a resource server asks."""


class Introspection:
    """Answers clients that an operator has made resource servers, each about tokens for what it is."""

    def __init__(
        self,
        authentication: ClientAuthentication,
        store: Writes[IntrospectionTransaction],
        validation: Validation,
        policy: PolicySource,
        clock: Clock,
    ) -> None:
        self._authentication = authentication
        self._store = store
        self._validation = validation
        self._policy = policy
        self._clock = clock

    def introspect(self, token: str, credentials: ClientCredentials) -> ValidToken | Inactive:
        """The token, if it is an access token that is good at this moment for a resource of the caller.

        Raises:
            InvalidClient: RFC 7662 §2.3; a public client, too, for who may ask is no matter of a name.
            UnauthorizedClient: a client that is no resource server.
            InvalidRequest: no token.
        """
        policy = self._policy.current
        require_clients_enabled(policy)
        proven = self._authentication.authenticate(credentials)
        client = proven.client
        if not client.terms.confidential:
            raise InvalidClient("introspection is for clients that authenticate (RFC 7662 section 2.1)")
        if not client.terms.resources:
            raise UnauthorizedClient("this client is no resource server: an operator registers it with its resources")
        if not token:
            raise InvalidRequest("token is missing")
        self._note_use(proven)
        everybodys = normalise_resource(policy.issuer)
        # Its own names first: by one of them it is known where the token is for none of them.
        audiences = sorted(audiences_of(client.terms.resources, policy), key=lambda name: (name == everybodys, name))
        return self._validation.validate_for_any(token, audiences)

    def _note_use(self, proven: Proven) -> None:
        client, now = proven.client, self._clock.now()
        if proven.assertion is not None:

            def claim(tx: IntrospectionTransaction) -> None:
                proven.claim(tx)
                note_use(tx, client, now)

            self._store.write(claim)
        elif not client.is_use_noted(now):
            # Nobody is refused an answer because it cannot be noted that they asked.
            with suppress(StoreUnavailable):
                self._store.write(lambda tx: note_use(tx, client, now))
