"""Reads: a read-only connection for each read that is under way at the same moment, however many threads there are."""

import threading
from collections.abc import Sequence
from pathlib import Path

from core.domain.errors import StoreUnavailable
from core.metrics.store import StoreMetrics
from core.store.sqlite import driver
from core.store.sqlite.database import connect_reader
from core.store.sqlite.driver import Row


class _Reader:
    """A connection. The lock keeps `close`, which comes from another thread, out of a running read."""

    def __init__(self, path: Path) -> None:
        self.connection = connect_reader(path)
        self.cursor = self.connection.cursor()
        self.lock = threading.Lock()


class Readers:
    """The reading side of a store; any thread may use it."""

    def __init__(self, path: Path, metrics: StoreMetrics) -> None:
        self._path = path
        self._metrics = metrics
        self._door = threading.Lock()
        self._closed = False
        self._open: list[_Reader] = []
        #: Nobody reads with them now. Whichever came back last goes first: its pages and its statements are at hand,
        #: and dozens of threads that read now and then need two or three connections, not dozens.
        self._idle: list[_Reader] = []

    def row(self, sql: str, parameters: Sequence[object]) -> Row | None:
        """Raises StoreUnavailable: closed, or the database cannot be read."""
        reader = self._take()
        try:
            with reader.lock:
                row: Row | None = reader.cursor.execute(sql, parameters).fetchone()
        except driver.Error as error:
            raise self._unavailable(error) from None
        finally:
            self._idle.append(reader)
        return row

    def rows(self, sql: str, parameters: Sequence[object]) -> list[Row]:
        """Raises StoreUnavailable: closed, or the database cannot be read."""
        reader = self._take()
        try:
            with reader.lock:
                return reader.cursor.execute(sql, parameters).fetchall()
        except driver.Error as error:
            raise self._unavailable(error) from None
        finally:
            self._idle.append(reader)

    def close(self) -> None:
        """Close every connection, waiting for the reads in progress."""
        with self._door:
            self._closed = True
            readers = list(self._open)
        for reader in readers:
            with reader.lock:
                reader.connection.close()

    def _take(self) -> _Reader:
        try:
            return self._idle.pop()
        except IndexError:
            pass
        with self._door:
            if self._closed:
                raise StoreUnavailable("the store is closed")
            try:
                reader = _Reader(self._path)
            except driver.Error as error:
                raise self._unavailable(error) from None
            self._open.append(reader)
        return reader

    def _unavailable(self, error: Exception) -> StoreUnavailable:
        if self._closed:
            return StoreUnavailable("the store is closed")
        self._metrics.failed(driver.kind_of(error))
        return driver.unavailable(error)
