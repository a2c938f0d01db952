"""Ending everything of one user or one client: rows, sessions and the change that validators learn, all at once."""

from typing import Protocol

from core.domain.authorization.device_authorization import DeviceAuthorizationIntents
from core.domain.grants.grant import GrantIntents, RevokeReason
from core.domain.sessions.session import SessionIntents
from core.domain.tokens.access_token import LONGEST_LIFETIME
from core.domain.tokens.change import ChangeIntents, ChangeKind


class EndingTransaction(GrantIntents, DeviceAuthorizationIntents, SessionIntents, ChangeIntents, Protocol):
    """What ending writes."""


def end_grants_of_subject(tx: EndingTransaction, subject: str, *, reason: RevokeReason, now: int) -> int:
    """End every grant and token of a user; how many grants were live."""
    ended = tx.revoke_grants_of_subject(subject, reason=reason, now=now)
    tx.record_change(ChangeKind.SUBJECT_REVOKED, subject, now=now, keep_until=now + LONGEST_LIFETIME)
    return ended


def end_grants_of_client(tx: EndingTransaction, client_id: str, *, reason: RevokeReason, now: int) -> int:
    """End every grant and token given to a client; how many grants were live."""
    tx.kill_device_authorizations_of_client(client_id)
    ended = tx.revoke_grants_of_client(client_id, reason=reason, now=now)
    tx.record_change(ChangeKind.CLIENT_REVOKED, client_id, now=now, keep_until=now + LONGEST_LIFETIME)
    return ended
