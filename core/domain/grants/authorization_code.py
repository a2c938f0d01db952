"""grant_type=authorization_code (RFC 6749 §4.1.3, RFC 7636 §4.6): once, and a second time is an alarm."""

import hmac
from enum import StrEnum

from core.domain.authorization.pkce import verify_code_verifier
from core.domain.clients.client import Client
from core.domain.clock import Clock, lies_ahead
from core.domain.errors import InvalidGrant, InvalidTarget
from core.domain.grants.grant import Grant, GrantState, RevokeReason
from core.domain.grants.revoking import revoke_grant
from core.domain.grants.token_request import (
    CodeParameters,
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
from core.domain.tokens.resource import narrow_resources

#: For how long the same HTTP request gets the same answer again, in seconds.
_SAME_ATTEMPT_WINDOW = 10
_REFUSED = "the code is unknown, expired, used, or not for this client, redirect_uri and code_verifier"


class CodeVerdict(StrEnum):
    """The verdicts on one presented code."""

    REDEEMED = "redeemed"
    #: The facade's own retry: the same answer again.
    REPEATED = "repeated"
    #: Of another client or redirect_uri, or without its code_verifier. The code is spent.
    MISMATCHED = "mismatched"
    #: Genuine and spent. The grant ends.
    REUSED = "reused"
    #: Not made by this server. Nothing changes.
    FORGED = "forged"
    #: Too late, or the grant has ended.
    ENDED = "ended"


class AuthorizationCode:
    """Redeems codes."""

    name = "authorization_code"

    def __init__(self, store: TokenStore, master_keys: MasterKeys, clock: Clock) -> None:
        self._store = store
        self._master_keys = master_keys
        self._clock = clock

    def authorize(
        self, parameters: CodeParameters, request: TokenRequest, client: Client, policy: Policy
    ) -> TokenIntent:
        """Redeem the code. Of parallel redemptions one gets the tokens; the next one ends the grant.

        Raises:
            InvalidGrant: not a code of this server.
        """
        grant = self._require_genuine(parameters.code)
        fits = _is_bound_to(grant, parameters, client)
        resources = _try_narrowing(grant, request, policy)
        return lambda tx: self._redeem(tx, client, grant, request, policy, fits, resources)

    def distrust(self, parameters: CodeParameters, client_id: str) -> None:
        """Spend the code if it is another client's; end its grant if it was redeemed (RFC 9700 §4.5: by anyone)."""
        try:
            grant = self._require_genuine(parameters.code)
        except InvalidGrant:
            return
        now = self._clock.now()

        def intent(tx: TokenTransaction) -> None:
            if grant.client_id != client_id and tx.kill_code(grant.id):
                return
            current = tx.find_grant(grant.id)
            if current is not None and current.state is GrantState.ACTIVE:
                revoke_grant(tx, grant.id, reason=RevokeReason.CODE_REUSED, now=now)

        self._store.write(intent)

    def _require_genuine(self, code: str) -> Grant:
        token = find_grant_token(code, TokenKind.CODE)
        grant = self._store.find_grant(token.grant_id) if token else None
        if token is None or grant is None or not verify_grant_token(token, self._master_keys, grant.secret):
            raise InvalidGrant(_REFUSED, CodeVerdict.FORGED)
        if lies_ahead(grant.created_at, self._clock.now()):
            raise InvalidGrant(_REFUSED, CodeVerdict.ENDED)
        return grant

    def _redeem(
        self,
        tx: TokenTransaction,
        client: Client,
        grant: Grant,
        request: TokenRequest,
        policy: Policy,
        fits: bool,
        resources: tuple[str, ...] | InvalidTarget,
    ) -> Issuance | RefusedGrant:
        now = self._clock.now()
        if not fits:
            # A code in the wrong hands is spent, whoever holds it (OAuth 2.1 §4.1.3).
            if tx.kill_code(grant.id):
                return RefusedGrant(InvalidGrant(_REFUSED, CodeVerdict.MISMATCHED))
        elif isinstance(resources, tuple):
            idle = now + policy.refresh_token_lifetime
            redeemed = tx.redeem_code(grant.id, attempt_id=request.attempt_id, now=now, idle_expires_at=idle)
            if redeemed is not None:
                if not client.is_use_noted(now):
                    tx.touch_client(redeemed.client_id, now=now)
                return Issuance(redeemed, redeemed.scope, resources, tx.revision(), CodeVerdict.REDEEMED)
        current = tx.find_grant(grant.id)
        if current is None or current.state is not GrantState.ACTIVE:
            if fits and isinstance(resources, InvalidTarget):
                raise resources
            return RefusedGrant(InvalidGrant(_REFUSED, CodeVerdict.ENDED))
        if fits and isinstance(resources, tuple) and _is_same_attempt(current, request, now):
            return Issuance(current, current.scope, resources, tx.revision(), CodeVerdict.REPEATED)
        # RFC 9700 §4.5: genuine and presented again, so somebody else may hold what the first one got.
        revoke_grant(tx, grant.id, reason=RevokeReason.CODE_REUSED, now=now)
        return RefusedGrant(InvalidGrant(_REFUSED, CodeVerdict.REUSED))


def _is_bound_to(grant: Grant, parameters: CodeParameters, client: Client) -> bool:
    """Every binding is looked at, whichever fails first."""
    verified = verify_code_verifier(parameters.code_verifier, grant.code_challenge)
    same_client = grant.client_id == client.client_id
    same_redirect = parameters.redirect_uri is None or parameters.redirect_uri == grant.redirect_uri
    return verified and same_client and same_redirect


def _try_narrowing(grant: Grant, request: TokenRequest, policy: Policy) -> tuple[str, ...] | InvalidTarget:
    try:
        return narrow_resources(grant.resources, request.resources, policy)
    except InvalidTarget as refusal:
        return refusal


def _is_same_attempt(grant: Grant, request: TokenRequest, now: int) -> bool:
    """The facade's own retry after a lost reply: only the facade knows the attempt's 16 random bytes."""
    if grant.attempt_id is None or grant.rotated_at is None or grant.generation != 1:
        return False
    same = hmac.compare_digest(grant.attempt_id, request.attempt_id)
    return same and now - grant.rotated_at <= _SAME_ATTEMPT_WINDOW
