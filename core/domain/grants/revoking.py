"""Ending one grant: the row and the change that validators learn, in one transaction."""

from typing import Protocol

from core.domain.grants.grant import Grant, GrantIntents, RevokeReason
from core.domain.tokens.access_token import LONGEST_LIFETIME
from core.domain.tokens.change import ChangeIntents, ChangeKind


class RevokingTransaction(GrantIntents, ChangeIntents, Protocol):
    """What revoking writes."""


def revoke_grant(tx: RevokingTransaction, grant_id: bytes, *, reason: RevokeReason, now: int) -> Grant | None:
    """End the grant and every token issued under it; None when it had ended before."""
    revoked = tx.revoke_grant(grant_id, reason=reason, now=now)
    if revoked is not None:
        tx.record_change(ChangeKind.GRANT_REVOKED, grant_id.hex(), now=now, keep_until=now + LONGEST_LIFETIME)
    return revoked


def revoke_grants_of_client_and_subject(
    tx: RevokingTransaction, client_id: str, subject: str, *, reason: RevokeReason, now: int
) -> int:
    """End every grant that the user gave the client and every token issued under it; how many had not ended before."""
    revoked = tx.revoke_grants_of_client_and_subject(client_id, subject, reason=reason, now=now)
    for grant_id in revoked:
        tx.record_change(ChangeKind.GRANT_REVOKED, grant_id.hex(), now=now, keep_until=now + LONGEST_LIFETIME)
    return len(revoked)
