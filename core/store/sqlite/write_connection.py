"""The only write connection: many intents, one commit; and what is left standing when the disk or SQLite fails."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from core.domain.audit.record import AuditRecord
from core.domain.errors import StoreUnavailable
from core.domain.tokens.change import Change
from core.domain.writing import Outcome
from core.metrics.store import StoreMetrics
from core.store.sqlite import driver
from core.store.sqlite.database import connect_writer
from core.store.sqlite.driver import Connection, Cursor
from core.store.sqlite.reserve import Reserve
from core.store.sqlite.transaction import SqliteTransaction

_log = logging.getLogger(__name__)

Intent: TypeAlias = Callable[[SqliteTransaction], Any]
_Attempt: TypeAlias = Callable[[Connection, SqliteTransaction, Intent], Outcome]


class TransactionLost(Exception):
    """SQLite gave up the whole transaction because of one member; the others may be run again."""


class _SavepointsNeeded(Exception):
    """A member failed after it had written something, which only a savepoint can undo without its neighbours' work."""


class WriteConnection:
    """Used by one thread at a time."""

    def __init__(
        self,
        path: Path,
        on_commit: Callable[[Sequence[Change]], None],
        on_record: Callable[[Sequence[AuditRecord]], None],
        reserve: Reserve,
        metrics: StoreMetrics,
    ) -> None:
        """Raises driver.Error: the database cannot be opened."""
        self._path = path
        self._reserve = reserve
        self._on_commit = on_commit
        self._on_record = on_record
        self._metrics = metrics
        self._stopped: str | None = None
        self._connection: Connection | None = connect_writer(path)
        self._cursor: Cursor = self._connection.cursor()
        self._published = SqliteTransaction(self._cursor, 0).current_revision()

    @property
    def writable(self) -> bool:
        """It has not given up writing for good."""
        return self._stopped is None

    def commit(self, intents: Sequence[Intent]) -> list[Outcome]:
        """Run the intents, commit once, and tell `on_commit` and `on_record` what they recorded.

        What an intent that fails has written is undone, and nothing else. Hardly any does, and a savepoint costs as
        much as a statement: so they run without, and once more with one each where it turns out that one is needed.

        Raises:
            TransactionLost: nothing was written; each may be tried alone.
            StoreUnavailable: nothing was written, and trying again at once would not help.
        """
        self._reserve.renew()
        held = self._reserve.held
        try:
            return self._commit(intents)
        except TransactionLost:
            if self._reserve.held or not held:
                raise
        # The disk is full and the reserve was given up, so what ends something may be written now.
        return self._commit(intents)

    def _commit(self, intents: Sequence[Intent]) -> list[Outcome]:
        try:
            # While the disk is full, what issues something is undone: that is no exception then.
            if not self._reserve.held:
                raise _SavepointsNeeded
            connection = self._begin()
            transaction, outcomes = self._run(connection, intents, self._attempt)
        except _SavepointsNeeded:
            connection = self._begin()
            transaction, outcomes = self._run(connection, intents, self._attempt_in_savepoint)
        try:
            self._cursor.execute("COMMIT")
        except driver.Error as error:
            raise self._gave_up(connection, error, committing=True) from None
        self._publish(transaction.recorded)
        if transaction.acts:
            self._on_record(transaction.acts)
        return outcomes

    def close(self) -> None:
        """Copy the log into the database and close. What was committed is safe even where this fails."""
        if self._connection is None:
            return
        try:
            self._cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except driver.Error as error:
            driver.unavailable(error)
        self._drop()

    def _begin(self) -> Connection:
        if self._stopped is not None:
            raise StoreUnavailable(self._stopped)
        try:
            connection = self._connection or self._reopen()
            self._cursor.execute("BEGIN IMMEDIATE")
        except driver.Error as error:
            if driver.is_input_output_error(error):
                self._drop()
            raise self._unavailable(error) from None
        return connection

    def _run(
        self, connection: Connection, intents: Sequence[Intent], attempt: _Attempt
    ) -> tuple[SqliteTransaction, list[Outcome]]:
        """The transaction, not yet committed, and what came out of each intent."""
        transaction = SqliteTransaction(self._cursor, self._published)
        try:
            return transaction, [attempt(connection, transaction, intent) for intent in intents]
        finally:
            transaction.end()

    def _attempt(self, connection: Connection, transaction: SqliteTransaction, intent: Intent) -> Outcome:
        changes = connection.total_changes
        try:
            return intent(transaction), None
        except BaseException as error:
            if transaction.error is None and connection.total_changes == changes:
                return None, error
        try:
            if connection.in_transaction:
                self._cursor.execute("ROLLBACK")
        except driver.Error as error:
            raise self._gave_up(connection, error, committing=False) from None
        raise _SavepointsNeeded

    def _attempt_in_savepoint(self, connection: Connection, transaction: SqliteTransaction, intent: Intent) -> Outcome:
        cursor, recorded, acts = self._cursor, len(transaction.recorded), len(transaction.acts)
        transaction.issued = False
        try:
            cursor.execute("SAVEPOINT intent")
            outcome: Outcome = (None, None)
            try:
                outcome = (intent(transaction), None)
            except BaseException as error:
                outcome = (None, error)
            if transaction.error is not None:
                outcome = (None, self._survived(connection, transaction.error))
                transaction.error = None
            if transaction.issued and not self._reserve.held:
                outcome = (None, StoreUnavailable("the disk is full: nothing new is issued until there is room"))
            if outcome[1] is not None:
                cursor.execute("ROLLBACK TO intent")
                del transaction.recorded[recorded:]
                del transaction.acts[acts:]
            cursor.execute("RELEASE intent")
        except driver.Error as error:
            raise self._gave_up(connection, error, committing=False) from None
        return outcome

    def _survived(self, connection: Connection, error: Exception) -> StoreUnavailable:
        """The refusal for one intent, if its error left the others' work in place; else raises."""
        left = connection.in_transaction and not driver.is_input_output_error(error)
        if not left or driver.is_corruption(error) or (driver.may_be_full_disk(error) and self._reserve.give_up()):
            raise self._gave_up(connection, error, committing=False)
        self._metrics.failed(driver.kind_of(error))
        return StoreUnavailable("the store cannot do this now; nothing was changed")

    def _gave_up(self, connection: Connection, error: Exception, *, committing: bool) -> Exception:
        """Leave no transaction open; the exception that says whether members may be run again."""
        unavailable = self._unavailable(error)
        try:
            if connection.in_transaction:
                self._cursor.execute("ROLLBACK")
        except driver.Error:
            self._drop()
        if driver.is_corruption(error):
            self._stopped = "the database is damaged; nothing is written any more"
            return unavailable
        if driver.is_input_output_error(error):
            self._drop()
            return unavailable if committing else TransactionLost()
        return TransactionLost()

    def _unavailable(self, error: Exception) -> StoreUnavailable:
        """The refusal for an error of the driver, after making what room there can be."""
        self._metrics.failed(driver.kind_of(error))
        if driver.may_be_full_disk(error):
            self._reserve.give_up()
        return driver.unavailable(error)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except driver.Error as error:
                driver.unavailable(error)

    def _reopen(self) -> Connection:
        """Open again after the disk failed, and believe only what is copied and synced anew.

        After a failed fsync the kernel may call pages clean that never reached the disk, so the log is written into
        the database and cut before anything is added to it.
        """
        connection = connect_writer(self._path)
        self._connection, self._cursor = connection, connection.cursor()
        busy, _, _ = self._cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            self._drop()
            raise StoreUnavailable("the store is being opened again; nothing was changed")
        # A commit that failed may be on disk after all; then others have not been told of it.
        self._publish(SqliteTransaction(self._cursor, self._published).list_changes(since=self._published, now=0))
        return connection

    def _publish(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        try:
            self._on_commit(tuple(changes))
        except Exception:
            # Memory would answer for tokens that the database has revoked.
            self._stopped = "a change could not be announced; nothing is written any more"
            _log.critical(self._stopped, exc_info=True)
            raise StoreUnavailable(self._stopped) from None
        self._published = changes[-1].revision
