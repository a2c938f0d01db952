"""Dynamic client registration (RFC 7591 §3): public clients only, and the same client never twice."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.domain.attempt import attempt
from core.domain.audit.act import Act
from core.domain.audit.origin import ANONYMOUS
from core.domain.audit.record import AuditIntents, record_of
from core.domain.clients.client import Client, ClientFacts, ClientIntents
from core.domain.clients.client_metadata import ClientMetadata, parse_client_metadata
from core.domain.clients.registration_token import RegistrationTokenIntents
from core.domain.clock import Clock
from core.domain.errors import (
    ClientsDisabled,
    InitialAccessTokenRefused,
    InvalidClientMetadata,
    RegistrationOff,
)
from core.domain.limits.key import LimitKey
from core.domain.limits.known_network import require_slot_in_all
from core.domain.limits.network import network_of
from core.domain.limits.rate import LimitIntents, Rate, require_slot
from core.domain.policy import Policy, PolicySource, RegistrationMode
from core.domain.shown_once import digest_secret
from core.domain.writing import Writes

_IN_ALL = LimitKey.of("registrations")
#: Beyond what one network may. What registers stays for days, so this says how large a table a flood leaves.
IN_ALL_TIMES = 4


class RegistrationTransaction(
    ClientFacts, ClientIntents, RegistrationTokenIntents, LimitIntents, AuditIntents, Protocol
):
    """What a registration writes."""


class RegistrationStore(ClientFacts, Writes[RegistrationTransaction], Protocol):
    """What registration needs of a store."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A registered client and the answer it gets."""

    client: Client
    #: RFC 7591 §3.2.1, ready for JSON; no member is null.
    information: Mapping[str, object]
    #: Redirect URIs of the request that policy left out.
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegistrationRequest:
    """What a client sent to the registration endpoint."""

    #: The body, not yet parsed.
    client_metadata: bytes
    network_address: str
    #: What log lines of both processes call the HTTP request; empty where nobody named it.
    correlation_id: str = ""
    #: RFC 7591 §3; empty where there was none.
    initial_access_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A registration that was read and is allowed."""

    client: Client
    metadata: ClientMetadata


class Registrations:
    """Registers clients that name themselves."""

    def __init__(self, store: RegistrationStore, policy: PolicySource, clock: Clock) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock

    def register(self, request: RegistrationRequest, *, within: float | None = None) -> Registration:
        """Register the client that the request describes, or find it again.

        Nothing is begun when somebody has waited `within` so many seconds already.

        Raises:
            InvalidClientMetadata, InvalidRedirectUri: RFC 7591 §3.2.2.
            TooManyAttempts: the network's registrations of new clients are used up, or everybody's.
            InitialAccessTokenRefused: registering needs a token, and this is none that is good.
            RegistrationOff: registering is for nobody.
            ClientsDisabled: the operator switched OAuth clients off.
            StoreUnavailable
        """
        [outcome] = self.register_all([request], within=within)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def register_all(
        self, requests: Sequence[RegistrationRequest], *, within: float | None = None
    ) -> list[Registration | Exception]:
        """As `register` for each of them, refusals in their places."""
        policy = self._policy.current
        read = [attempt(request.correlation_id, self._read, request, policy) for request in requests]
        wanted = [(each, request) for each, request in zip(read, requests, strict=True) if isinstance(each, _Wanted)]
        intents = [self._intent(each, request, policy) for each, request in wanted]
        stored = iter(self._store.write_all(intents, within=within))
        return [
            attempt(request.correlation_id, _answer, each, next(stored)) if isinstance(each, _Wanted) else each
            for each, request in zip(read, requests, strict=True)
        ]

    def _read(self, request: RegistrationRequest, policy: Policy) -> _Wanted:
        if not policy.clients_enabled:
            raise ClientsDisabled("OAuth clients are switched off")
        mode = policy.registration.mode
        if mode is RegistrationMode.OFF:
            raise RegistrationOff("this server takes no registrations: ask its operator to add the client")
        if mode is RegistrationMode.TOKEN and not request.initial_access_token:
            raise InitialAccessTokenRefused("registering here needs an initial access token: ask the operator for one")
        metadata = parse_client_metadata(request.client_metadata, policy.allowed_redirect_uris)
        client = Client(
            client_id=metadata.client_id,
            metadata=metadata.canonical,
            client_name=str(metadata.members.get("client_name", "")),
            redirect_uris=metadata.kept_redirect_uris,
            grant_types=tuple(str(grant_type) for grant_type in _list(metadata.members["grant_types"])),
            created_at=self._clock.now(),
        )
        return _Wanted(client, metadata)

    def _intent(
        self, wanted: _Wanted, request: RegistrationRequest, policy: Policy
    ) -> Callable[[RegistrationTransaction], Client]:
        network = network_of(request.network_address)
        digest = None
        if policy.registration.mode is RegistrationMode.TOKEN:
            digest = digest_secret(request.initial_access_token)

        def intent(tx: RegistrationTransaction) -> Client:
            if digest is not None and not tx.spend_registration_token(digest, now=self._clock.now()):
                raise InitialAccessTokenRefused("the initial access token is unknown, has expired or is used up")
            return self._store_client(tx, wanted.client, network, policy, request)

        return intent

    def _store_client(
        self, tx: RegistrationTransaction, client: Client, network: str, policy: Policy, request: RegistrationRequest
    ) -> Client:
        # Who is known already adds no row: what floods us with new clients must not shut out those in use, and hosted
        # tools register again and again from a few addresses that all of their users share.
        if tx.find_client(client.client_id) is None:
            now_ms = self._clock.now_ms()
            spend_registration(tx, network, policy, now_ms=now_ms)
            tx.record_act(
                record_of(
                    Act.REGISTRATION,
                    at=now_ms // 1000,
                    actor=ANONYMOUS,
                    client_id=client.client_id,
                    network_address=request.network_address,
                    correlation_id=request.correlation_id,
                )
            )
        return tx.register_client(client)


def _answer(wanted: _Wanted, stored: Client | Exception) -> Registration:
    if isinstance(stored, Exception):
        raise stored
    if stored.blocked:
        refusal = InvalidClientMetadata("this client has been blocked by the operator")
        refusal.client_id = stored.client_id
        raise refusal
    return Registration(stored, _information(stored, wanted.metadata), wanted.metadata.left_out)


def _information(client: Client, metadata: ClientMetadata) -> dict[str, object]:
    return {
        "client_id": client.client_id,
        "client_id_issued_at": client.created_at,
        **metadata.members,
        # As sent, ports and all: clients look for their own URI in the answer and register again without it.
        "redirect_uris": [uri.text for uri in metadata.redirect_uris],
        "token_endpoint_auth_method": "none",
    }


def spend_registration(tx: LimitIntents, network: str, policy: Policy, *, now_ms: int) -> None:
    """Use what a network, and all that are not known together, may add to the clients that are kept.

    Raises:
        TooManyAttempts: it is used up.
    """
    here, what = LimitKey.of("registration", network=network), "registrations"
    require_slot(tx, here, policy.registrations, now_ms=now_ms, what=what)
    require_slot_in_all(tx, _IN_ALL, _in_all(policy), network, now_ms=now_ms, what=what)


def _in_all(policy: Policy) -> Rate:
    rate = policy.registrations
    return Rate(rate.count * IN_ALL_TIMES, rate.period)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
