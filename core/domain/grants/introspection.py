"""Token introspection (RFC 7662): the answer of validation, for resource servers that ask over HTTP as a client."""

from core.domain.authorization.endpoint import require_clients_enabled
from core.domain.clients.authentication import AssertionIntents, ClientAuthentication, ClientCredentials
from core.domain.errors import InvalidClient, InvalidRequest, UnauthorizedClient
from core.domain.policy import PolicySource
from core.domain.tokens.resource import audiences_of
from core.domain.tokens.validation import Inactive, Validation, ValidToken
from core.domain.writing import Writes


class Introspection:
    """Answers clients that an operator has made resource servers, each about tokens for what it is."""

    def __init__(
        self,
        authentication: ClientAuthentication,
        store: Writes[AssertionIntents],
        validation: Validation,
        policy: PolicySource,
    ) -> None:
        self._authentication = authentication
        self._store = store
        self._validation = validation
        self._policy = policy

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
        if proven.assertion is not None:
            self._store.write(proven.claim)
        found: ValidToken | Inactive = Inactive.OTHER_AUDIENCE
        for audience in sorted(audiences_of(client.terms.resources, policy)):
            found = self._validation.validate(token, audience)
            if found is not Inactive.OTHER_AUDIENCE:
                # Good for one of them; or for none, whichever is asked for.
                return found
        return found
