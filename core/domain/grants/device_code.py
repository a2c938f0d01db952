"""grant_type=urn:ietf:params:oauth:grant-type:device_code (RFC 8628 §3.4, §3.5).

Until the user has decided a poll reads a row or two and writes nothing. After a yes the device code is a grant's code,
and is redeemed under the same rules as any other.
"""

from typing import Protocol

from core.domain.authorization.device_authorization import (
    DeviceAuthorization,
    DeviceAuthorizationFacts,
    DeviceState,
)
from core.domain.clients.client import Client
from core.domain.clients.grant_types import DEVICE_CODE
from core.domain.clock import Clock, lies_ahead
from core.domain.errors import (
    AccessDenied,
    AuthorizationPending,
    ExpiredToken,
    InvalidGrant,
    OAuthError,
    SlowDown,
    UnsupportedGrantType,
)
from core.domain.grants.grant import Grant, GrantState
from core.domain.grants.polls import Polls
from core.domain.grants.redemption import CodeVerdict, Redemption, distrust_code
from core.domain.grants.token_request import (
    DeviceCodeParameters,
    Issuance,
    RefusedGrant,
    TokenIntent,
    TokenRequest,
    TokenStore,
    TokenTransaction,
)
from core.domain.keys.master_key import MasterKeys
from core.domain.policy import Policy
from core.domain.tokens.grant_token import TokenKind, find_grant_token, verify_grant_token

_REFUSED = "the device code is unknown, used, or not for this client"
_EXPIRED = "the device code has expired: start again"


class DeviceCodeStore(DeviceAuthorizationFacts, TokenStore, Protocol):
    """What presenting a device code needs of a store."""


class DeviceCode:
    """Answers polls, and redeems device codes."""

    name = DEVICE_CODE

    def __init__(self, store: DeviceCodeStore, master_keys: MasterKeys, clock: Clock) -> None:
        self._store = store
        self._master_keys = master_keys
        self._clock = clock
        self._polls = Polls()

    def authorize(
        self, parameters: DeviceCodeParameters, request: TokenRequest, client: Client, policy: Policy
    ) -> TokenIntent:
        """Redeem the code where the user has said yes.

        Raises:
            AuthorizationPending, SlowDown, AccessDenied, ExpiredToken: RFC 8628 §3.5; nothing is written.
            InvalidGrant: not a device code of this server.
            UnsupportedGrantType: the operator switched the device flow off.
        """
        if not policy.device_flow.enabled:
            raise UnsupportedGrantType("devices without a browser are not let in here")
        found = self._require_genuine(parameters.device_code)
        fits = found.client_id == client.client_id
        if isinstance(found, DeviceAuthorization):
            if fits:
                raise self._refusal(found, request)
            return lambda tx: _spend(tx, found.id)
        self._polls.forget(found.id)
        if fits and found.state is GrantState.PENDING and found.code_expires_at <= self._clock.now():
            raise ExpiredToken(_EXPIRED)
        redemption = Redemption(found, client, request, policy, fits=fits, refused=_REFUSED)
        return lambda tx: redemption.redeem(tx, self._clock.now())

    def distrust(self, parameters: DeviceCodeParameters, request: TokenRequest, client_id: str) -> None:
        """Spend the code if it is another client's; end its grant if it was redeemed (RFC 9700 §4.5: by anyone)."""
        try:
            found = self._require_genuine(parameters.device_code)
        except InvalidGrant:
            return
        now = self._clock.now()
        if isinstance(found, Grant):
            self._store.write(lambda tx: distrust_code(tx, found, client_id, request, now))
        elif client_id not in ("", found.client_id):
            self._store.write(lambda tx: _spend(tx, found.id))

    def _require_genuine(self, code: str) -> DeviceAuthorization | Grant:
        """The request that nobody has allowed, or the grant that it has become."""
        token = find_grant_token(code, TokenKind.DEVICE_CODE)
        found: DeviceAuthorization | Grant | None = None
        if token is not None:
            found = self._store.find_device_authorization(token.grant_id)
            if found is None or found.state is DeviceState.APPROVED:
                found = self._store.find_grant(token.grant_id)
        if token is None or found is None or not verify_grant_token(token, self._master_keys, found.secret):
            raise InvalidGrant(_REFUSED, CodeVerdict.FORGED)
        if lies_ahead(found.created_at, self._clock.now()):
            raise InvalidGrant(_REFUSED, CodeVerdict.ENDED)
        return found

    def _refusal(self, found: DeviceAuthorization, request: TokenRequest) -> OAuthError:
        if found.state is DeviceState.PENDING and found.expires_at > self._clock.now():
            if self._polls.come_too_soon(found.id, request.attempt_id, self._clock.now_ms()):
                return SlowDown("the user has not decided yet: wait 5 seconds longer between two requests from now on")
            return AuthorizationPending("the user has not decided yet")
        self._polls.forget(found.id)
        if found.state is DeviceState.DENIED:
            return AccessDenied("the user said no")
        if found.state is DeviceState.DEAD:
            return InvalidGrant(_REFUSED, CodeVerdict.ENDED)
        return ExpiredToken(_EXPIRED)


def _spend(tx: TokenTransaction, device_id: bytes) -> Issuance | RefusedGrant:
    """A code in the wrong hands is spent, whoever holds it (OAuth 2.1 §4.1.3)."""
    # The user may have said yes a moment ago.
    spent = tx.kill_device_authorization(device_id) or tx.kill_code(device_id)
    return RefusedGrant(InvalidGrant(_REFUSED, CodeVerdict.MISMATCHED if spent else CodeVerdict.ENDED))
