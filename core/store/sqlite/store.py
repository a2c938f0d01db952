"""The store on SQLite, put together: a locked private folder, one writer, many readers."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from core.domain.administration.backups import Backup
from core.domain.audit.record import AuditRecord
from core.domain.tokens.change import Change
from core.domain.writing import Outcome
from core.metrics.store import StoreMetrics, StoreState
from core.store.refusal import StoreRefused
from core.store.sqlite import driver
from core.store.sqlite.backup import Copier
from core.store.sqlite.database import prepare_database
from core.store.sqlite.driver import Row
from core.store.sqlite.folder import free_bytes, lock_folder, require_private, size_of
from core.store.sqlite.guarded import GuardedSqliteStore
from core.store.sqlite.reader import Readers
from core.store.sqlite.reserve import RESERVE_BYTES, Reserve
from core.store.sqlite.transaction import SqliteFacts, SqliteTransaction
from core.store.sqlite.write_connection import WriteConnection
from core.store.sqlite.writer import LONGEST_QUEUE, Writer, refuse

T = TypeVar("T")

_TOO_SLOW = "the store is too slow; nothing was changed"


class SqliteStore(SqliteFacts):
    """`core.domain.store.Store`. Made by `open_store`, which hands over the folder's lock."""

    def __init__(
        self,
        path: Path,
        lock: int,
        on_commit: Callable[[Sequence[Change]], None],
        reserve: Reserve,
        metrics: StoreMetrics | None = None,
        on_record: Callable[[Sequence[AuditRecord]], None] | None = None,
    ) -> None:
        """Without metrics nobody asks for what is counted. Raises driver.Error: the database cannot be opened."""
        metrics = metrics or StoreMetrics()
        self._path = path
        self._lock: int | None = lock
        self._reserve = reserve
        self._connection = WriteConnection(path, on_commit, on_record or _tell_nobody, reserve, metrics)
        self._copier = Copier(path)
        self._readers = Readers(path, metrics)
        self._writer = Writer(self._connection, metrics)
        metrics.watch(self._look)

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        return self._readers.row(sql, parameters)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        return self._readers.rows(sql, parameters)

    def submit(self, intents: Sequence[Callable[[SqliteTransaction], Any]]) -> Future[list[Outcome]]:
        """`core.domain.writing.Writes.submit`."""
        return self._writer.submit(intents)

    def write(self, intent: Callable[[SqliteTransaction], T]) -> T:
        """`core.domain.writing.Writes.write`."""
        [(value, failure)] = self._wait([intent])
        if failure is not None:
            raise failure
        written: T = value
        return written

    def write_all(
        self, intents: Sequence[Callable[[SqliteTransaction], T]], *, within: float | None = None
    ) -> list[T | Exception]:
        """`core.domain.writing.Writes.write_all`."""
        outcomes: list[T | Exception] = []
        for value, failure in self._wait(intents, within) if intents else ():
            if failure is not None and not isinstance(failure, Exception):
                raise failure
            outcomes.append(value if failure is None else failure)
        return outcomes

    def purge(self, *, now: int, limit: int) -> int:
        """`core.domain.store.Store.purge`: one short transaction for each kind, so that others get between them."""
        return (
            self._purge_grants(now, limit)
            + self.write(lambda transaction: transaction.purge_device_authorizations(now=now, limit=limit))
            + self.write(lambda transaction: transaction.purge_sessions(now=now, limit=limit))
            + self.write(lambda transaction: transaction.purge_upstream(now=now, limit=limit))
            + self.write(lambda transaction: transaction.purge_challenges(now=now, limit=limit))
            + self.write(lambda transaction: transaction.purge_changes(now=now, limit=limit))
            + self.write(lambda transaction: transaction.purge_signing_keys(now=now, limit=limit))
            + self.write(lambda transaction: transaction.purge_rates(now=now, limit=limit))
            + self.write(lambda transaction: transaction.purge_client_assertions(now=now, limit=limit))
        )

    def guarded_by(self, check: Callable[[SqliteTransaction], None]) -> GuardedSqliteStore:
        """`core.domain.store.Store.guarded_by`."""
        return GuardedSqliteStore(self, self, check)

    def note_time(self, now: int) -> None:
        """`core.domain.store.Store.note_time`."""
        self.write(lambda transaction: transaction.note_persisted_time(now))

    def has_room(self) -> bool:
        """`core.domain.store.Store.has_room`."""
        return self._reserve.held and free_bytes(self._path.parent) >= RESERVE_BYTES

    def back_up(self, path: Path, *, overwrite: bool, wanted: Callable[[], bool]) -> Backup:
        """`core.domain.administration.backups.BackupStore.back_up`."""
        return self._copier.back_up(path, overwrite=overwrite, wanted=wanted)

    def close(self) -> None:
        """`core.domain.store.Store.close`. The readers go first: the last connection of all checkpoints."""
        self._copier.close()
        self._writer.close()
        self._readers.close()
        self._connection.close()
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    def _look(self) -> StoreState:
        return StoreState(
            waiting=self._writer.waiting,
            most_waiting=LONGEST_QUEUE,
            reserve_held=self._reserve.held,
            writable=self._connection.writable,
            database_bytes=size_of(self._path),
            log_bytes=size_of(self._path.with_name(f"{self._path.name}-wal")),
            free_bytes=free_bytes(self._path.parent),
        )

    def _wait(
        self, intents: Sequence[Callable[[SqliteTransaction], Any]], within: float | None = None
    ) -> list[Outcome]:
        if self._writer.is_current_thread():
            raise RuntimeError("the writer's thread would wait for itself")
        if within is not None and within <= 0:
            return refuse(intents, _TOO_SLOW)
        written = self._writer.submit(intents)
        try:
            return written.result(within)
        except TimeoutError:
            if written.cancel():
                return refuse(intents, _TOO_SLOW)
        # It has begun, so there is an answer to wait for.
        return written.result()

    def _purge_grants(self, now: int, limit: int) -> int:
        total = 0
        while total < limit:
            deleted, postponed = self.write(partial(SqliteTransaction.purge_grants, now=now, limit=limit - total))
            total += deleted
            if deleted + postponed == 0:
                break
        return total


def open_store(
    folder: Path,
    *,
    on_commit: Callable[[Sequence[Change]], None],
    on_record: Callable[[Sequence[AuditRecord]], None] | None = None,
    metrics: StoreMetrics | None = None,
) -> SqliteStore:
    """Open the store in `folder`, making it where there is none.

    `on_commit` gets the changes of each commit, in order, on the writer's thread, after they are on disk and before
    anybody is answered. It must not fail and not wait: where it fails, nothing is written any more. `on_record` gets
    the records of the audit trail in the same way.

    Raises:
        StoreRefused: the store cannot be opened as it is; nothing was repaired.
    """
    driver.require_safe_library()
    require_private(folder)
    lock = lock_folder(folder)
    try:
        path, reserve = _prepare(folder)
        return SqliteStore(path, lock, on_commit, reserve, metrics, on_record)
    except driver.Error as error:
        os.close(lock)
        raise StoreRefused(f"{folder} cannot be opened: {error}") from None
    except BaseException:
        os.close(lock)
        raise


def _tell_nobody(_records: Sequence[AuditRecord]) -> None:
    """Nobody reads the stream."""


def _prepare(folder: Path) -> tuple[Path, Reserve]:
    """The database and the reserve, which may have to go so that the database can be opened at all."""
    reserve = Reserve(folder)
    try:
        path = prepare_database(folder)
    except StoreRefused:
        if not reserve.give_up():
            raise
        return prepare_database(folder), reserve
    reserve.make()
    return path, reserve
