"""Revocations that validators are told of and that nobody writes down."""

from core.__main__ import main
from core.domain.tokens.change import Change, ChangeKind
from core.store.sqlite.transaction import SqliteTransaction


def _record(self: SqliteTransaction, kind: ChangeKind, target: str, *, now: int, keep_until: int) -> int:
    change = Change(self.revision() + 1, kind, target, now, keep_until)
    self.recorded.append(change)
    return change.revision


SqliteTransaction.record_change = _record  # type: ignore[method-assign, assignment]

if __name__ == "__main__":
    main()
