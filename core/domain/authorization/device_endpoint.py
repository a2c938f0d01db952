"""The device authorization endpoint (RFC 8628 §3.1, §3.2): a device without a browser asks, and gets two codes."""

from dataclasses import dataclass, field
from typing import Protocol

from core.domain.authorization.device_authorization import (
    DeviceAuthorization,
    DeviceAuthorizationIntents,
    DeviceState,
)
from core.domain.authorization.device_clients import DeviceClients, require_device_flow, require_for_devices
from core.domain.authorization.endpoint import require_clients_enabled
from core.domain.authorization.scope import known_scope
from core.domain.authorization.user_code import new_user_code, show_user_code
from core.domain.clients.authentication import AssertionIntents, ClientAuthentication, ClientCredentials, Proven
from core.domain.clients.client import ClientFacts, require_known
from core.domain.clock import Clock
from core.domain.errors import TemporarilyUnavailable
from core.domain.keys.master_key import MasterKeys
from core.domain.limits.key import LimitKey
from core.domain.limits.known_network import require_slot_in_all
from core.domain.limits.network import network_of
from core.domain.limits.rate import LimitIntents, Rate, require_slot
from core.domain.policy import Policy, PolicySource
from core.domain.randomness import Randomness
from core.domain.tokens.grant_token import TokenKind, format_grant_token
from core.domain.tokens.resource import require_resources
from core.domain.writing import Writes

#: RFC 8628 §3.2 "interval": between two polls, in seconds.
INTERVAL = 5
NETWORKS_AT_ONCE = 10
#: Of 10^10 user codes some thousands may be in use: that four in a row are taken does not happen.
_CANDIDATES = 4


@dataclass(frozen=True, slots=True)
class DeviceAuthorizationRequest:
    """RFC 8628 §3.1, and what came with it."""

    client: ClientCredentials
    scope: str | None
    resources: tuple[str, ...]
    network_address: str


@dataclass(frozen=True, slots=True)
class DeviceAuthorizationResponse:
    """RFC 8628 §3.2; times in seconds."""

    device_code: str = field(repr=False)
    #: As people see it, with a dash.
    user_code: str = field(repr=False)
    expires_in: int
    interval: int


class DeviceTransaction(DeviceAuthorizationIntents, LimitIntents, AssertionIntents, ClientFacts, Protocol):
    """What a device's request writes."""


class DeviceStore(Writes[DeviceTransaction], Protocol):
    """What devices' requests need of a store."""


class DeviceAuthorizationEndpoint:
    """Takes devices' requests."""

    def __init__(
        self,
        authentication: ClientAuthentication,
        clients: DeviceClients,
        store: DeviceStore,
        master_keys: MasterKeys,
        policy: PolicySource,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._authentication = authentication
        self._clients = clients
        self._store = store
        self._master_keys = master_keys
        self._policy = policy
        self._clock = clock
        self._randomness = randomness

    def start(self, request: DeviceAuthorizationRequest) -> DeviceAuthorizationResponse:
        """The codes of a new request; returns after the commit.

        Raises:
            InvalidClient, UnauthorizedClient, InvalidScope: RFC 8628 §3.2, RFC 6749 §5.2.
            InvalidTarget: RFC 8707 §2.
            ClientDocumentWanted: it is known by a document, which has to be fetched first; nothing was decided.
            TooManyAttempts: the network's requests, or everybody's, are used up.
            ClientsDisabled, DeviceFlowDisabled: the operator switched it off.
            StoreUnavailable
        """
        policy = self._policy.current
        require_clients_enabled(policy)
        require_device_flow(policy)
        self._clients.require_kept(request.client)
        proven = self._authentication.authenticate(request.client)
        client = proven.client
        require_for_devices(client)
        scope = known_scope(request.scope, policy, client.terms.scope)
        resources = require_resources(request.resources, policy)
        now = self._clock.now()
        candidates = {
            code: DeviceAuthorization(
                id=self._randomness.token_bytes(16),
                secret=self._randomness.token_bytes(32),
                user_code_tag=user_code_tags(code, self._master_keys)[0],
                client_id=client.client_id,
                scope=scope,
                resources=resources,
                state=DeviceState.PENDING,
                created_at=now,
                expires_at=now + policy.device_flow.code_lifetime,
            )
            for code in [new_user_code(self._randomness) for _ in range(_CANDIDATES)]
        }
        network = network_of(request.network_address)
        user_code = self._store.write(lambda tx: self._create(tx, proven, candidates, network, policy))
        created = candidates[user_code]
        device_code = format_grant_token(
            TokenKind.DEVICE_CODE,
            self._master_keys,
            grant_id=created.id,
            generation=0,
            grant_secret=created.secret,
        )
        return DeviceAuthorizationResponse(
            device_code, show_user_code(user_code), policy.device_flow.code_lifetime, INTERVAL
        )

    def _create(
        self,
        tx: DeviceTransaction,
        proven: Proven,
        candidates: dict[str, DeviceAuthorization],
        network: str,
        policy: Policy,
    ) -> str:
        proven.claim(tx)
        rate, now_ms = policy.device_flow.authorizations, self._clock.now_ms()
        in_all, what = Rate(rate.count * NETWORKS_AT_ONCE, rate.period), "device authorizations"
        require_slot(tx, LimitKey.of("device", network=network), rate, now_ms=now_ms, what=what)
        require_slot_in_all(tx, LimitKey.of("device"), in_all, network, now_ms=now_ms, what=what)
        for user_code, wanted in candidates.items():
            if tx.create_device_authorization(wanted):
                return user_code
            require_known(tx.find_client(wanted.client_id))
        raise TemporarilyUnavailable("no user code is free")


def user_code_tags(code: str, master_keys: MasterKeys) -> tuple[bytes, bytes]:
    """What a user code is found by: its tag under the current master key, and under the one before, if there is one."""
    message = b"user code " + code.encode()
    current = master_keys.find_tag(master_keys.current_id, message)
    assert current is not None  # the current key is always there
    return current, master_keys.find_tag(master_keys.current_id - 1, message) or current
