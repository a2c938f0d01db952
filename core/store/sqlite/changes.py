"""The gapless sequence of changes in SQLite. Its number has a row of its own, which no purge touches."""

from collections.abc import Sequence

from core.domain.tokens.change import Change, ChangeKind
from core.store.sqlite.statements import Statements, WritingStatements

#: More than there can be: what LIMIT says where nobody set one.
_ALL = 2**63 - 1
_COLUMNS = "revision, kind, target, made_at, keep_until"
_LIST = f"SELECT {_COLUMNS} FROM changes WHERE revision > ? AND keep_until > ? ORDER BY revision LIMIT ?"
#: The newest revision, on any connection.
CURRENT_REVISION = "SELECT value FROM counters WHERE name = 'revision'"
_NEXT = "UPDATE counters SET value = value + 1 WHERE name = 'revision' RETURNING value"
_ADVANCE = "UPDATE counters SET value = ? WHERE name = 'revision' AND value < ?"
_RECORD = f"INSERT INTO changes ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)"
_PURGE = "DELETE FROM changes WHERE revision IN (SELECT revision FROM changes WHERE keep_until <= ? LIMIT ?)"


class ChangeReads(Statements):
    """`core.domain.tokens.change.ChangeFacts`."""

    def list_changes(self, *, since: int, now: int, limit: int | None = None) -> Sequence[Change]:
        rows = self.rows(_LIST, (since, now, _ALL if limit is None else limit))
        return [Change(revision, ChangeKind(kind), *others) for revision, kind, *others in rows]

    def current_revision(self) -> int:
        row = self.row(CURRENT_REVISION)
        return 0 if row is None else int(row[0])


class ChangeWrites(WritingStatements):
    """`core.domain.tokens.change.ChangeIntents`."""

    #: What this transaction recorded so far, in order; told to the others after the commit.
    recorded: list[Change]

    def record_change(self, kind: ChangeKind, target: str, *, now: int, keep_until: int) -> int:
        row = self.row(_NEXT)
        assert row is not None  # the first migration made the row
        change = Change(int(row[0]), kind, target, now, keep_until)
        self.count(_RECORD, (change.revision, kind.value, target, now, keep_until))
        self.recorded.append(change)
        return change.revision

    def record_restore(self, *, beyond: int, now: int, keep_until: int) -> int:
        self.count(_ADVANCE, (beyond, beyond))
        return self.record_change(ChangeKind.ALL_REVOKED, "", now=now, keep_until=keep_until)

    def purge_changes(self, *, now: int, limit: int) -> int:
        """Delete up to `limit` that need no longer be kept; how many that were."""
        return self.count(_PURGE, (now, limit))
