"""Rates in SQLite: per key the millisecond at which its bucket is full again (GCRA)."""

from collections.abc import Sequence

from core.domain.clock import TOLERATED_DRIFT
from core.domain.limits.key import LimitKey
from core.domain.limits.rate import LimitCount
from core.store.sqlite.statements import Statements, WritingStatements

_TAKE = """
    INSERT INTO rates (key, full_at_ms, kind, account, network) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET
        full_at_ms = CASE WHEN rates.full_at_ms BETWEEN ? AND ? THEN rates.full_at_ms ELSE ? END + ?
    WHERE rates.full_at_ms NOT BETWEEN ? AND ?
    RETURNING 1
"""
_FULL_AT = "SELECT full_at_ms FROM rates WHERE key = ?"
_GIVE_BACK = "UPDATE rates SET full_at_ms = full_at_ms - ? WHERE key = ?"
_CLEAR = "DELETE FROM rates WHERE key = ?"
_PURGE = "DELETE FROM rates WHERE key IN (SELECT key FROM rates WHERE full_at_ms <= ? LIMIT ?)"
_REMEMBER = """
    INSERT INTO rates (key, full_at_ms, kind) VALUES (?, ?, 'remembered')
    ON CONFLICT (key) DO UPDATE SET full_at_ms = excluded.full_at_ms
"""
#: What is remembered is no count of tries.
_COUNTS = "kind <> 'remembered'"
_LIST = f"SELECT key, full_at_ms, kind, account, network FROM rates WHERE {_COUNTS} AND full_at_ms > ? AND key > ?"
_CLEAR_ALL = f"DELETE FROM rates WHERE {_COUNTS}"


class LimitReads(Statements):
    """`core.domain.limits.rate.LimitFacts`."""

    def list_limit_counts(
        self, *, now_ms: int, after: bytes, limit: int, account: str | None = None, network: str | None = None
    ) -> Sequence[LimitCount]:
        where, values = _matching(account, network)
        rows = self.rows(f"{_LIST}{where} ORDER BY key LIMIT ?", (now_ms, after, *values, limit))
        return [LimitCount(*row) for row in rows]


class LimitWrites(WritingStatements):
    """`core.domain.limits.rate.LimitIntents`."""

    def take_slot(self, key: bytes, *, now_ms: int, interval_ms: int, burst: int) -> int:
        latest = now_ms + (burst - 1) * interval_ms
        # No bucket takes longer than this to fill: what says so was written by a clock that has been put right since.
        longest = latest + interval_ms + TOLERATED_DRIFT * 1000
        told = (key.kind, key.account, key.network) if isinstance(key, LimitKey) else ("", "", "")
        spent = (now_ms, longest, now_ms, interval_ms, latest + 1, longest)
        if self.issue(_TAKE, (bytes(key), now_ms + interval_ms, *told, *spent)) is not None:
            return 0
        row = self.row(_FULL_AT, (bytes(key),))
        return 0 if row is None else int(row[0]) - latest

    def give_slot_back(self, key: bytes, *, interval_ms: int) -> None:
        self.count(_GIVE_BACK, (interval_ms, bytes(key)))

    def clear_slots(self, key: bytes) -> None:
        self.count(_CLEAR, (bytes(key),))

    def clear_limit_counts(self, *, account: str | None, network: str | None) -> int:
        where, values = _matching(account, network)
        return self.count(f"{_CLEAR_ALL}{where}", values)

    def clear_limit_count(self, key: bytes) -> bool:
        return self.count(f"{_CLEAR_ALL} AND key = ?", (bytes(key),)) > 0

    def remember(self, key: bytes, *, until_ms: int) -> None:
        self.count(_REMEMBER, (bytes(key), until_ms))

    def is_remembered(self, key: bytes, *, now_ms: int) -> bool:
        row = self.row(_FULL_AT, (bytes(key),))
        return row is not None and int(row[0]) > now_ms

    def purge_rates(self, *, now: int, limit: int) -> int:
        """Delete up to `limit` full buckets; how many that were."""
        return self.count(_PURGE, (now * 1000, limit))


def _matching(account: str | None, network: str | None) -> tuple[str, tuple[str, ...]]:
    found = [(column, value) for column, value in (("account", account), ("network", network)) if value is not None]
    return "".join(f" AND {column} = ?" for column, _ in found), tuple(value for _, value in found)
