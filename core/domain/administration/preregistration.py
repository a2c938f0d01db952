"""Clients that operators register, and the secrets that these prove themselves with."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from core.domain.audit.act import Act
from core.domain.audit.record import AuditIntents, record_of
from core.domain.authorization.scope import known_scope
from core.domain.clients.client import Client, ClientFacts, ClientIntents
from core.domain.clients.client_secret import (
    CLIENT_SECRET_PREFIX,
    MOST_SECRETS,
    ClientSecret,
    ClientSecretFacts,
    ClientSecretIntents,
)
from core.domain.clients.preregistration import Preregistration, parse_preregistration
from core.domain.clients.terms import SECRET_METHODS
from core.domain.clock import Clock
from core.domain.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    InvalidScope,
    InvalidTarget,
    NotFound,
)
from core.domain.policy import Policy, PolicySource
from core.domain.randomness import Randomness
from core.domain.sayings import say
from core.domain.shown_once import SECRET_BYTES, digest_secret, format_secret
from core.domain.tokens.resource import normalise_resource
from core.domain.users.user import UserFacts
from core.domain.writing import Writes


class PreregistrationTransaction(
    ClientFacts, ClientIntents, ClientSecretFacts, ClientSecretIntents, UserFacts, AuditIntents, Protocol
):
    """What is written about an operator's clients."""


class PreregistrationStore(ClientFacts, ClientSecretFacts, Writes[PreregistrationTransaction], Protocol):
    """What operators' clients need of a store."""


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret at the one moment when it can be read."""

    secret_id: str
    text: str = field(repr=False)


class ClientPreregistration:
    """Every act on an operator's clients; an unknown one raises NotFound."""

    def __init__(self, store: PreregistrationStore, policy: PolicySource, clock: Clock, randomness: Randomness) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock
        self._randomness = randomness

    def create(self, wanted: Preregistration) -> tuple[Client, NewSecret | None]:
        """Register the client, under a new id where none is asked for, and make its secret where it is to have one.

        Raises:
            AlreadyExists: the id is in use, or was; ids are never given to somebody else.
            InvalidArgument: something about it cannot be used.
        """
        wanted = wanted if wanted.client_id else replace(wanted, client_id=f"app_{self._new_id(16)}")
        _require_resources(wanted.resources)
        client = parse_preregistration(wanted, self._clock.now())
        _require_scopes(client.terms.scope, self._policy.current)
        made = self._new_secret(client.client_id) if client.terms.authentication_method in SECRET_METHODS else None
        record = record_of(Act.CLIENT_CREATE, at=client.created_at, client_id=client.client_id)

        def intent(tx: PreregistrationTransaction) -> None:
            # A client's own tokens have its id for their subject, which must be nobody else's (RFC 9068 §5).
            if tx.find_user(client.client_id) is not None or not tx.preregister_client(client):
                raise AlreadyExists(f"the client_id {client.client_id} is in use, or was in use once: choose another")
            if made is not None:
                tx.add_client_secret(made[0], most=MOST_SECRETS)
            tx.record_act(record)

        self._store.write(intent)
        return client, None if made is None else made[1]

    def list_secrets(self, client: Client) -> Sequence[ClientSecret]:
        """The secrets that are good for it, without what could be used of them; the oldest first."""
        return self._store.list_client_secrets(client.client_id) if client.terms.confidential else ()

    def add_secret(self, client_id: str) -> NewSecret:
        """Make one more secret, good beside those that there are.

        Raises:
            FailedPrecondition: it proves itself in another way, or has as many as it may have.
        """
        secret, shown = self._new_secret(client_id)
        record = record_of(Act.CLIENT_SECRET_ADD, at=secret.created_at, client_id=client_id, target=secret.secret_id)

        def intent(tx: PreregistrationTransaction) -> None:
            if _require(tx, client_id).terms.authentication_method not in SECRET_METHODS:
                raise FailedPrecondition(f"{client_id} does not authenticate with a secret")
            if not tx.add_client_secret(secret, most=MOST_SECRETS):
                raise FailedPrecondition(f"{client_id} has {MOST_SECRETS} secrets already: remove one first")
            tx.record_act(record)

        self._store.write(intent)
        return shown

    def remove_secret(self, client_id: str, secret_id: str) -> None:
        """Take a secret away; it is good for nothing when this returns.

        Raises:
            NotFound: there is no such secret.
            FailedPrecondition: it is the only one.
        """
        record = record_of(Act.CLIENT_SECRET_REMOVE, at=self._clock.now(), client_id=client_id, target=secret_id)

        def intent(tx: PreregistrationTransaction) -> None:
            _require(tx, client_id)
            if tx.remove_client_secret(client_id, secret_id):
                tx.record_act(record)
                return
            if any(secret.secret_id == secret_id for secret in tx.list_client_secrets(client_id)):
                raise FailedPrecondition(f"it is the only secret of {client_id}: add another one first, or block it")
            raise NotFound(f"{client_id} has no secret {secret_id}: see `tokenhouse clients show {client_id}`")

        self._store.write(intent)

    def _new_secret(self, client_id: str) -> tuple[ClientSecret, NewSecret]:
        text = format_secret(CLIENT_SECRET_PREFIX, self._randomness.token_bytes(SECRET_BYTES))
        secret_id = self._new_id(6)
        return (
            ClientSecret(client_id, secret_id, digest_secret(text), self._clock.now()),
            NewSecret(secret_id, text),
        )

    def _new_id(self, size: int) -> str:
        return self._randomness.token_bytes(size).hex()


def _require_resources(resources: Sequence[str]) -> None:
    for resource in resources:
        try:
            normalise_resource(resource)
        except InvalidTarget as refusal:
            raise InvalidArgument(f"{resource}: {refusal.description}") from None


def _require_scopes(names: Sequence[str], policy: Policy) -> None:
    """A name that nobody knows is a slip, of which the client alone would be told, and not what is wrong."""
    try:
        known_scope(" ".join(names), policy)
    except InvalidScope as refusal:
        raise InvalidArgument(f"{refusal.description}: list it with the setting OAuth.Scope first") from None


def _require(tx: ClientFacts, client_id: str) -> Client:
    client = tx.find_client(client_id)
    if client is None:
        raise NotFound(say("no_client", client_id=client_id))
    return client
