"""Who the client is (RFC 6749 §2.3, OAuth 2.1 §2.4): the one place that says so, for every endpoint."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.domain.clients.assertion import Assertion, UnknownKey, find_subject, verify_assertion
from core.domain.clients.client import Client, ClientFacts, require_known
from core.domain.clients.client_keys import ClientKey, load_keys
from core.domain.clients.client_secret import ClientSecretFacts, is_client_secret
from core.domain.clients.document_url import is_on_loopback
from core.domain.clients.documents import may_fetch_keys, rate_in_all
from core.domain.clients.key_sets import KeySets
from core.domain.clients.terms import PRIVATE_KEY_JWT
from core.domain.clock import Clock
from core.domain.errors import ClientKeysWanted, InvalidClient, InvalidRequest
from core.domain.policy import PolicySource

#: Below the issuer: what deployed clients name as the audience of an assertion (RFC 7523 §3).
TOKEN_ENDPOINT = "/oauth/v1/token"
_ATTEMPT_BYTES = 16


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What a client sent to say who it is; nothing here has been verified."""

    #: Empty where an assertion alone says it.
    client_id: str
    client_secret: str | None = field(repr=False)
    #: RFC 8414 token_endpoint_auth_method.
    method: str
    client_assertion: str = field(default="", repr=False)
    #: 16 bytes, the same for every try of one HTTP request; needed with an assertion alone.
    attempt_id: bytes = b""


class AuthenticationFacts(ClientFacts, ClientSecretFacts, Protocol):
    """What is read to find out who a client is."""


class AssertionIntents(Protocol):
    """What can be done to assertions inside a transaction."""

    def claim_assertion(self, digest: bytes, *, attempt_id: bytes, forgotten_at: int) -> bool:
        """Use an assertion: True the first time, and for the same attempt again."""
        ...


@dataclass(frozen=True, slots=True)
class Proven:
    """A client that has proven who it is, if `claim` says so in the transaction that acts on it."""

    client: Client
    assertion: Assertion | None = None
    attempt_id: bytes = b""

    def claim(self, tx: AssertionIntents) -> None:
        """Use what can be used once (RFC 7523 §3, 7).

        Raises:
            InvalidClient: it was used before.
        """
        assertion = self.assertion
        if assertion is not None and not tx.claim_assertion(
            assertion.digest, attempt_id=self.attempt_id, forgotten_at=assertion.forgotten_at
        ):
            raise InvalidClient("the client_assertion was used before: sign another one for each request")


class ClientAuthentication:
    """Finds out who sent a request."""

    def __init__(self, facts: AuthenticationFacts, key_sets: KeySets, policy: PolicySource, clock: Clock) -> None:
        self._facts = facts
        self._key_sets = key_sets
        self._policy = policy
        self._clock = clock

    def authenticate(self, credentials: ClientCredentials, known: dict[str, Client] | None = None) -> Proven:
        """The client. A public one names itself; any other proves it in the one way it registered.

        `known` has the clients that were read a moment ago for requests of the same batch, and gets this one: most
        come from the same tool. Whether it still is one, the transaction decides that acts on it.

        Raises:
            InvalidClient: unknown, deleted or blocked; or the proof is missing, wrong, or of another kind than agreed.
            ClientKeysWanted: its keys have to be fetched first, see `load_keys`; nothing was decided.
        """
        client = self._find_client(credentials, {} if known is None else known)
        try:
            return self._authenticate(client, credentials)
        except InvalidClient as refusal:
            refusal.client_id = client.client_id
            raise

    def _authenticate(self, client: Client, credentials: ClientCredentials) -> Proven:
        method = client.terms.authentication_method
        if not client.terms.confidential:
            # A public client that sends a secret takes itself for another: it cannot be right (RFC 6749 §2.3.1).
            if credentials.client_assertion and client.terms.has_keys:
                # It says that it can do either: then what it does has to be right.
                return self._verify(client, credentials)
            if credentials.client_secret or credentials.client_assertion:
                raise InvalidClient("this client is public and has no secret")
            return Proven(client)
        # Another method is another agreement: a secret that leaks from bodies into logs must not work there.
        if credentials.method != method:
            raise InvalidClient(f"this client has to authenticate with {method}, as it is registered")
        if method == PRIVATE_KEY_JWT:
            return self._verify(client, credentials)
        if not is_client_secret(credentials.client_secret or "", self._facts.list_client_secrets(client.client_id)):
            raise InvalidClient("the client_secret is wrong or has been removed")
        return Proven(client)

    def load_keys(self, credentials: ClientCredentials) -> None:
        """Fetch the keys that the credentials are to be verified with. Waits on the network: never call it in a batch.

        Raises:
            InvalidClient: there is no such client, it is blocked, or nothing is fetched from there.
            TemporarilyUnavailable: too many fetch right now.
            TooManyAttempts: too many were fetched.
        """
        terms, policy = self._find_client(credentials, {}).terms, self._policy.current
        if not terms.jwks_uri:
            return
        # An operator has allowed it by registering the client; a client's own document allows itself nothing.
        if not terms.preregistered and not may_fetch_keys(terms.jwks_uri, policy):
            raise InvalidClient("client_assertion: this server fetches no keys from the host of the client's jwks_uri")
        in_all = rate_in_all(policy.client_documents.fetches)
        self._key_sets.load(terms.jwks_uri, in_all=in_all, loopback=is_on_loopback(policy.issuer))

    def _find_client(self, credentials: ClientCredentials, known: dict[str, Client]) -> Client:
        client_id = credentials.client_id or find_subject(credentials.client_assertion)
        if not client_id and credentials.client_assertion:
            raise InvalidClient("client_assertion: it is no JWT that names its client as sub (RFC 7523 section 3)")
        if not client_id:
            raise InvalidClient("client_id is missing")
        client = known.get(client_id) or require_known(self._facts.find_client(client_id))
        known[client_id] = client
        return client

    def _verify(self, client: Client, credentials: ClientCredentials) -> Proven:
        if len(credentials.attempt_id) != _ATTEMPT_BYTES:
            raise InvalidRequest("attempt_id must be 16 bytes")
        issuer = self._policy.current.issuer
        try:
            assertion = verify_assertion(
                credentials.client_assertion,
                client.client_id,
                self._find_keys(client),
                audiences=(issuer, issuer + TOKEN_ENDPOINT),
                now=self._clock.now(),
            )
        except UnknownKey as unknown:
            if client.terms.jwks_uri and self._key_sets.may_ask(client.terms.jwks_uri):
                raise ClientKeysWanted("the client's keys have to be fetched again") from None
            raise InvalidClient(f"client_assertion: {unknown}") from None
        return Proven(client, assertion, credentials.attempt_id)

    def _find_keys(self, client: Client) -> Sequence[ClientKey]:
        if not client.terms.jwks_uri:
            return load_keys(client.terms.jwks)
        keys = self._key_sets.find(client.terms.jwks_uri)
        if keys is None:
            raise ClientKeysWanted("the client's keys have to be fetched first")
        if not keys:
            raise InvalidClient("client_assertion: the keys at the client's jwks_uri cannot be had or used")
        return keys
