"""grant_type=refresh_token (RFC 6749 §6, OAuth 2.1 §4.3): rotated at every use, and safe to race."""

from dataclasses import dataclass

from core.domain.audit.act import Act, Result
from core.domain.authorization.scope import narrow_scope
from core.domain.clients.client import Client, note_use
from core.domain.clock import Clock, lies_ahead
from core.domain.errors import InvalidGrant, OAuthError
from core.domain.grants.grant import Grant, RevokeReason
from core.domain.grants.refresh_verdict import RefreshVerdict, judge_refresh
from core.domain.grants.revoking import revoke_grant
from core.domain.grants.token_request import (
    Issuance,
    RefreshParameters,
    RefusedGrant,
    TokenIntent,
    TokenRequest,
    TokenStore,
    TokenTransaction,
    VerdictHeard,
    record_of_token,
    tell_nobody,
)
from core.domain.keys.master_key import MasterKeys
from core.domain.policy import Policy
from core.domain.tokens.grant_token import TokenKind, find_grant_token, verify_grant_token
from core.domain.tokens.resource import narrow_resources

_REFUSED = "the refresh token is unknown, expired, revoked or used before, or not for this client: connect again"


@dataclass(frozen=True, slots=True)
class _Narrowed:
    """What this one access token is asked for."""

    scope: tuple[str, ...]
    resources: tuple[str, ...]


class RefreshToken:
    """Rotates refresh tokens."""

    name = "refresh_token"

    def __init__(
        self, store: TokenStore, master_keys: MasterKeys, clock: Clock, heard: VerdictHeard = tell_nobody
    ) -> None:
        """`heard` is told of what needs no transaction."""
        self._heard = heard
        self._store = store
        self._master_keys = master_keys
        self._clock = clock

    def authorize(
        self, parameters: RefreshParameters, request: TokenRequest, client: Client, policy: Policy
    ) -> TokenIntent:
        """Rotate the token, or give the same successor again (the table in README, Grants).

        Raises:
            InvalidGrant: not a refresh token of this server, or another client's.
        """
        token = find_grant_token(parameters.refresh_token, TokenKind.REFRESH_TOKEN)
        grant = self._store.find_grant(token.grant_id) if token else None
        if token is None or grant is None:
            raise InvalidGrant(_REFUSED, RefreshVerdict.FORGED)
        if not verify_grant_token(token, self._master_keys, grant.secret):
            self._heard(grant.id, RefreshVerdict.FORGED)
            raise InvalidGrant(_REFUSED, RefreshVerdict.FORGED)
        if grant.client_id != client.client_id:
            self._heard(grant.id, RefreshVerdict.MISMATCHED)
            raise InvalidGrant(_REFUSED, RefreshVerdict.MISMATCHED)
        if lies_ahead(grant.created_at, self._clock.now()):
            raise InvalidGrant(_REFUSED, RefreshVerdict.ENDED)
        wanted = _try_narrowing(grant, parameters, request, policy)
        return lambda tx: self._rotate(tx, client, grant.id, token.generation, wanted, policy, request)

    def distrust(self, parameters: RefreshParameters, request: TokenRequest, client_id: str) -> None:
        """Nothing: a refresh token works for its own client alone, and a typing error must not disconnect anybody."""

    def _rotate(
        self,
        tx: TokenTransaction,
        client: Client,
        grant_id: bytes,
        generation: int,
        wanted: _Narrowed | OAuthError,
        policy: Policy,
        request: TokenRequest,
    ) -> Issuance | RefusedGrant:
        now = self._clock.now()
        if isinstance(wanted, _Narrowed):
            idle = now + policy.refresh_token_lifetime
            rotated = tx.rotate_refresh_token(
                grant_id, generation=generation, attempt_id=request.attempt_id, now=now, idle_expires_at=idle
            )
            if rotated is not None:
                note_use(tx, client, now)
                return _issuance(rotated, wanted, tx.revision(), RefreshVerdict.ROTATED)
        return self._judge(tx, grant_id, generation, wanted, policy, request, now)

    def _judge(
        self,
        tx: TokenTransaction,
        grant_id: bytes,
        generation: int,
        wanted: _Narrowed | OAuthError,
        policy: Policy,
        request: TokenRequest,
        now: int,
    ) -> Issuance | RefusedGrant:
        current = tx.find_grant(grant_id)
        if current is None:
            return RefusedGrant(InvalidGrant(_REFUSED, RefreshVerdict.ENDED))
        verdict = judge_refresh(
            current, generation, attempt_id=request.attempt_id, now=now, reuse_window=policy.refresh_reuse_window
        )
        if verdict is RefreshVerdict.REUSED:
            revoke_grant(tx, grant_id, reason=RevokeReason.REFRESH_TOKEN_REUSED, now=now)
            record = record_of_token(Act.REFRESH, request, current.client_id, current, verdict, Result.REFUSED, now)
            tx.record_act(record)
            reused = InvalidGrant(_REFUSED, verdict)
            reused.recorded = True
            return RefusedGrant(reused, grant_id)
        if isinstance(wanted, OAuthError) and verdict in (RefreshVerdict.ROTATED, RefreshVerdict.REPLAYED):
            raise wanted
        if verdict is RefreshVerdict.REPLAYED and isinstance(wanted, _Narrowed):
            return _issuance(current, wanted, tx.revision(), verdict)
        return RefusedGrant(InvalidGrant(_REFUSED, verdict), grant_id)


def _try_narrowing(
    grant: Grant, parameters: RefreshParameters, request: TokenRequest, policy: Policy
) -> _Narrowed | OAuthError:
    try:
        scope = narrow_scope(grant.scope, parameters.scope, policy)
        return _Narrowed(scope, narrow_resources(grant.resources, request.resources, policy))
    except OAuthError as refusal:
        return refusal


def _issuance(grant: Grant, wanted: _Narrowed, revision: int, verdict: RefreshVerdict) -> Issuance:
    return Issuance(grant, wanted.scope, wanted.resources, revision, verdict)
