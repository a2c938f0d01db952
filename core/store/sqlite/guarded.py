"""A store on which every transaction begins with somebody's check."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from core.domain.writing import Outcome, Writes
from core.store.sqlite.driver import Row
from core.store.sqlite.statements import Statements
from core.store.sqlite.transaction import SqliteFacts, SqliteTransaction

T = TypeVar("T")


class GuardedSqliteStore(SqliteFacts):
    """`core.domain.store.GuardedStore`."""

    def __init__(
        self, reads: Statements, writes: Writes[SqliteTransaction], check: Callable[[SqliteTransaction], None]
    ) -> None:
        self._reads = reads
        self._writes = writes
        self._check = check

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        return self._reads.row(sql, parameters)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        return self._reads.rows(sql, parameters)

    def submit(self, intents: Sequence[Callable[[SqliteTransaction], Any]]) -> Future[list[Outcome]]:
        """`core.domain.writing.Writes.submit`."""
        return self._writes.submit([self._checked(intent) for intent in intents])

    def write(self, intent: Callable[[SqliteTransaction], T]) -> T:
        """`core.domain.writing.Writes.write`."""
        return self._writes.write(self._checked(intent))

    def write_all(
        self, intents: Sequence[Callable[[SqliteTransaction], T]], *, within: float | None = None
    ) -> list[T | Exception]:
        """`core.domain.writing.Writes.write_all`."""
        return self._writes.write_all([self._checked(intent) for intent in intents], within=within)

    def _checked(self, intent: Callable[[SqliteTransaction], T]) -> Callable[[SqliteTransaction], T]:
        def checked(transaction: SqliteTransaction) -> T:
            self._check(transaction)
            return intent(transaction)

        return checked
