"""The latest time this database has seen, in seconds since the epoch."""

from core.store.sqlite.statements import Statements, WritingStatements

_PERSISTED = "SELECT value FROM counters WHERE name = 'noted_time'"
_NOTE = "UPDATE counters SET value = ? WHERE name = 'noted_time' AND value < ?"


class ClockReads(Statements):
    """The reading part of the time that `core.domain.store.Store` keeps."""

    def persisted_time(self) -> int:
        row = self.row(_PERSISTED)
        return 0 if row is None else int(row[0])


class ClockWrites(WritingStatements):
    """The writing part."""

    def note_persisted_time(self, now: int) -> None:
        """Remember `now` where it is later than what was noted."""
        self.count(_NOTE, (now, now))
