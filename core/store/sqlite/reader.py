"""Reads: every thread has a read-only connection of its own, closed when the thread ends or the store closes."""

import threading
import weakref
from collections.abc import Sequence
from pathlib import Path

from core.domain.errors import StoreUnavailable
from core.metrics.store import StoreMetrics
from core.store.sqlite import driver
from core.store.sqlite.database import connect_reader
from core.store.sqlite.driver import Row


class _Reader:
    """One thread's connection. The lock keeps `close`, which comes from another thread, out of a running read."""

    def __init__(self, path: Path) -> None:
        self.connection = connect_reader(path)
        self.cursor = self.connection.cursor()
        self.lock = threading.Lock()


class Readers:
    """The reading side of a store; any thread may use it."""

    def __init__(self, path: Path, metrics: StoreMetrics) -> None:
        self._path = path
        self._metrics = metrics
        self._local = threading.local()
        self._door = threading.Lock()
        self._closed = False
        self._open: weakref.WeakSet[_Reader] = weakref.WeakSet()

    def row(self, sql: str, parameters: Sequence[object]) -> Row | None:
        """Raises StoreUnavailable: closed, or the database cannot be read."""
        try:
            reader = self._reader()
            with reader.lock:
                row: Row | None = reader.cursor.execute(sql, parameters).fetchone()
        except driver.Error as error:
            raise self._unavailable(error) from None
        return row

    def rows(self, sql: str, parameters: Sequence[object]) -> list[Row]:
        """Raises StoreUnavailable: closed, or the database cannot be read."""
        try:
            reader = self._reader()
            with reader.lock:
                return reader.cursor.execute(sql, parameters).fetchall()
        except driver.Error as error:
            raise self._unavailable(error) from None

    def close(self) -> None:
        """Close every thread's connection, waiting for the reads in progress."""
        with self._door:
            self._closed = True
            readers = list(self._open)
        for reader in readers:
            with reader.lock:
                reader.connection.close()

    def _reader(self) -> _Reader:
        try:
            reader: _Reader = self._local.reader
        except AttributeError:
            with self._door:
                if self._closed:
                    raise StoreUnavailable("the store is closed") from None
                reader = self._local.reader = _Reader(self._path)
                self._open.add(reader)
        return reader

    def _unavailable(self, error: Exception) -> StoreUnavailable:
        if self._closed:
            return StoreUnavailable("the store is closed")
        self._metrics.failed(driver.kind_of(error))
        return driver.unavailable(error)
