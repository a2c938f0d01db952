"""Redeeming what stands for a grant that the user has allowed: once, and a second time is an alarm (RFC 9700 §4.5).

An authorization code is redeemed like that, and so is a device code once the user has said yes.
"""

from enum import StrEnum

from core.domain.audit.act import Act, Result
from core.domain.clients.client import Client, note_use
from core.domain.errors import InvalidGrant, InvalidTarget
from core.domain.grants.grant import Grant, GrantState, RevokeReason
from core.domain.grants.revoking import revoke_grant
from core.domain.grants.token_request import (
    Issuance,
    RefusedGrant,
    TokenRequest,
    TokenTransaction,
    record_of_token,
)
from core.domain.policy import Policy
from core.domain.tokens.resource import narrow_resources


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


class Redemption:
    """One try to redeem a genuine code of this grant."""

    def __init__(
        self, grant: Grant, client: Client, request: TokenRequest, policy: Policy, *, fits: bool, refused: str
    ) -> None:
        """`fits`: whoever presents the code is whom it was made for; `refused` is what everybody else is told."""
        self._grant = grant
        self._client = client
        self._request = request
        self._policy = policy
        self._fits = fits
        self._refused = refused
        self._resources = _try_narrowing(grant, request, policy)

    def redeem(self, tx: TokenTransaction, now: int) -> Issuance | RefusedGrant:
        """Of parallel redemptions one gets the tokens; the next one ends the grant.

        Raises:
            InvalidTarget: RFC 8707 §2.2; the code stays as good as it was.
        """
        grant, resources = self._grant, self._resources
        if not self._fits:
            # A code in the wrong hands is spent, whoever holds it (OAuth 2.1 §4.1.3).
            if tx.kill_code(grant.id):
                return self._refuse_recorded(tx, CodeVerdict.MISMATCHED, now)
        elif isinstance(resources, tuple):
            idle = now + self._policy.refresh_token_lifetime
            redeemed = tx.redeem_code(grant.id, attempt_id=self._request.attempt_id, now=now, idle_expires_at=idle)
            if redeemed is not None:
                note_use(tx, self._client, now)
                self._record(tx, CodeVerdict.REDEEMED, Result.SUCCEEDED, now)
                return Issuance(redeemed, redeemed.scope, resources, tx.revision(), CodeVerdict.REDEEMED)
        current = tx.find_grant(grant.id)
        if current is None or current.state is not GrantState.ACTIVE:
            if self._fits and isinstance(resources, InvalidTarget):
                raise resources
            return self._refuse(CodeVerdict.ENDED)
        repeated = current.generation == 1 and current.was_answered(self._request.attempt_id, now)
        if self._fits and isinstance(resources, tuple) and repeated:
            return Issuance(current, current.scope, resources, tx.revision(), CodeVerdict.REPEATED)
        # RFC 9700 §4.5: genuine and presented again, so somebody else may hold what the first one got.
        revoke_grant(tx, grant.id, reason=RevokeReason.CODE_REUSED, now=now)
        return self._refuse_recorded(tx, CodeVerdict.REUSED, now)

    def _refuse(self, verdict: CodeVerdict) -> RefusedGrant:
        return RefusedGrant(InvalidGrant(self._refused, verdict))

    def _refuse_recorded(self, tx: TokenTransaction, verdict: CodeVerdict, now: int) -> RefusedGrant:
        self._record(tx, verdict, Result.REFUSED, now)
        refused = self._refuse(verdict)
        refused.refusal.recorded = True
        return refused

    def _record(self, tx: TokenTransaction, verdict: CodeVerdict, result: Result, now: int) -> None:
        tx.record_act(
            record_of_token(Act.TOKEN, self._request, self._client.client_id, self._grant, verdict, result, now)
        )


def distrust_code(tx: TokenTransaction, grant: Grant, client_id: str, request: TokenRequest, now: int) -> None:
    """Spend the code if it is another client's; end its grant if it was redeemed (RFC 9700 §4.5: by anyone).

    Who names no client is no other one: a client whose proof was too old comes again with a good one.
    """
    current, verdict = tx.find_grant(grant.id), None
    if client_id not in ("", grant.client_id) and tx.kill_code(grant.id):
        verdict = CodeVerdict.MISMATCHED
    elif current is not None and current.state is GrantState.ACTIVE:
        revoke_grant(tx, grant.id, reason=RevokeReason.CODE_REUSED, now=now)
        verdict = CodeVerdict.REUSED
    if verdict is not None:
        # Who asked has not proven to be the client: so it is nobody.
        tx.record_act(record_of_token(Act.TOKEN, request, "", grant, verdict, Result.REFUSED, now))


def _try_narrowing(grant: Grant, request: TokenRequest, policy: Policy) -> tuple[str, ...] | InvalidTarget:
    try:
        return narrow_resources(grant.resources, request.resources, policy)
    except InvalidTarget as refusal:
        return refusal
