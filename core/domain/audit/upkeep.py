"""What has to be done for the audit trail again and again: write what was gathered, delete what is old."""

from typing import Protocol

from core.domain.audit.counts import AuditCounts
from core.domain.audit.record import AuditIntents, AuditRecord
from core.domain.audit.refusals import Refusals
from core.domain.writing import Writes


class RetentionSource(Protocol):
    """Where the retention in force is read."""

    def __call__(self) -> int | None:
        """For how many seconds records are kept; None: for good."""
        ...


class AuditUpkeep:
    """The steps of it. Each raises StoreUnavailable where it has to be tried again later."""

    def __init__(
        self, store: Writes[AuditIntents], refusals: Refusals, counts: AuditCounts, retention: RetentionSource
    ) -> None:
        self._store = store
        self._refusals = refusals
        self._counts = counts
        self._retention = retention

    def record_soon(self, record: AuditRecord) -> None:
        """Record what no transaction decides."""
        self._refusals.record_soon(record)

    def write_refusals(self) -> None:
        """Record what was refused."""
        self._refusals.flush()

    def write_counts(self, now: int) -> None:
        """Add up what was counted."""
        self._counts.flush(now)

    def write_everything(self, now: int) -> None:
        """Both, and what is still being gathered: before the core stops."""
        self._refusals.flush(everything=True)
        self._counts.flush(now)

    def forget(self, *, now: int, limit: int) -> int:
        """Delete up to `limit` records that are older than the retention, and as many counts; how many that were."""
        retention = self._retention()
        if retention is None:
            return 0
        return self._store.write(lambda tx: tx.purge_audit(before=now - retention, limit=limit))
