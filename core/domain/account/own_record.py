"""What users do of their own, as the audit trail has it."""

from core.domain.audit.act import Act
from core.domain.audit.record import AuditRecord, record_of
from core.domain.sessions.login import actor_of
from core.domain.users.user import User


def own_record(act: Act, user: User, now: int, *, client_id: str = "", target: str = "") -> AuditRecord:
    """Who acts is whom it concerns."""
    return record_of(act, at=now, actor=actor_of(user), subject=user.subject, client_id=client_id, target=target)
