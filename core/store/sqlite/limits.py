"""Rates in SQLite: per key the millisecond at which its bucket is full again (GCRA)."""

from core.domain.clock import TOLERATED_DRIFT
from core.store.sqlite.statements import WritingStatements

_TAKE = """
    INSERT INTO rates (key, full_at_ms) VALUES (?, ?)
    ON CONFLICT (key) DO UPDATE SET
        full_at_ms = CASE WHEN rates.full_at_ms BETWEEN ? AND ? THEN rates.full_at_ms ELSE ? END + ?
    WHERE rates.full_at_ms NOT BETWEEN ? AND ?
    RETURNING 1
"""
_FULL_AT = "SELECT full_at_ms FROM rates WHERE key = ?"
_GIVE_BACK = "UPDATE rates SET full_at_ms = full_at_ms - ? WHERE key = ?"
_CLEAR = "DELETE FROM rates WHERE key = ?"
_PURGE = "DELETE FROM rates WHERE key IN (SELECT key FROM rates WHERE full_at_ms <= ? LIMIT ?)"


class LimitWrites(WritingStatements):
    """`core.domain.limits.rate.LimitIntents`."""

    def take_slot(self, key: bytes, *, now_ms: int, interval_ms: int, burst: int) -> int:
        latest = now_ms + (burst - 1) * interval_ms
        # No bucket takes longer than this to fill: what says so was written by a clock that has been put right since.
        longest = latest + interval_ms + TOLERATED_DRIFT * 1000
        values = (key, now_ms + interval_ms, now_ms, longest, now_ms, interval_ms, latest + 1, longest)
        if self.issue(_TAKE, values) is not None:
            return 0
        row = self.row(_FULL_AT, (key,))
        return 0 if row is None else int(row[0]) - latest

    def give_slot_back(self, key: bytes, *, interval_ms: int) -> None:
        self.count(_GIVE_BACK, (interval_ms, key))

    def clear_slots(self, key: bytes) -> None:
        self.count(_CLEAR, (key,))

    def purge_rates(self, *, now: int, limit: int) -> int:
        """Delete up to `limit` full buckets; how many that were."""
        return self.count(_PURGE, (now * 1000, limit))
