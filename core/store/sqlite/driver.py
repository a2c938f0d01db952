"""The SQLite library of this process: the `pysqlite3` wheel, as far as it is used here.

The standard library's module is never used: two SQLite libraries that open one file in one process silently drop each
other's locks (sqlite.org/howtocorrupt.html §2.2.1).
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, cast

import pysqlite3  # type: ignore[import-untyped]  # the wheel carries no types

from core.domain.errors import StoreUnavailable
from core.store.refusal import StoreRefused

_log = logging.getLogger(__name__)

#: Before it, a WAL file that two connections reset at the same moment can corrupt the database.
OLDEST_SAFE_VERSION = (3, 51, 3)
#: How long a connection waits for a lock that somebody else holds, in seconds.
BUSY_TIMEOUT = 1.0

#: Of the SQLite library in use.
LIBRARY_VERSION: str = pysqlite3.sqlite_version
Error: type[Exception] = pysqlite3.Error
Row: TypeAlias = tuple[Any, ...]

# Primary result codes (sqlite.org/rescode.html).
_IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB = 10, 11, 13, 14, 26


class Cursor(Protocol):
    """The part of a DB-API cursor that is used."""

    @property
    def rowcount(self) -> int: ...

    def execute(self, sql: str, parameters: Sequence[object] = ..., /) -> "Cursor": ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """The part of a DB-API connection that is used."""

    @property
    def in_transaction(self) -> bool: ...

    @property
    def total_changes(self) -> int: ...

    def cursor(self) -> Cursor: ...

    def execute(self, sql: str, parameters: Sequence[object] = ..., /) -> Cursor: ...

    def interrupt(self) -> None: ...

    def close(self) -> None: ...


def connect(path: Path, mode: Literal["rw", "ro", "ro&immutable=1"]) -> Connection:
    """A connection in autocommit mode to a database that exists; whoever has it keeps other threads from it.

    Where nobody has the database open and it has no log, an immutable one makes no files beside it.

    Raises:
        Error: it cannot be opened.
    """
    connection = pysqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        timeout=BUSY_TIMEOUT,
    )
    return cast(Connection, connection)


def require_safe_library(version: tuple[int, ...] = pysqlite3.sqlite_version_info) -> None:
    """Raises StoreRefused: this SQLite can lose data."""
    if version < OLDEST_SAFE_VERSION:
        found, oldest = (".".join(map(str, numbers)) for numbers in (version, OLDEST_SAFE_VERSION))
        raise StoreRefused(f"SQLite {found} can corrupt a database; install pysqlite3 with SQLite {oldest} or newer")


def is_of_this_library(connection: object) -> bool:
    """Whether somebody else's connection is one of the library that is used here."""
    return isinstance(connection, pysqlite3.Connection)


def is_input_output_error(error: Exception) -> bool:
    """The disk failed: what a later fsync of the same file handle says cannot be believed."""
    return _primary_code(error) == _IOERR


def may_be_full_disk(error: Exception) -> bool:
    """A disk without room can be the reason: for the log, for shared memory, or for a new file."""
    return _primary_code(error) in (_FULL, _IOERR, _CANTOPEN)


def is_full_disk(error: Exception) -> bool:
    """There was no room to write."""
    return _primary_code(error) == _FULL


def is_corruption(error: Exception) -> bool:
    """The database file is damaged."""
    return _primary_code(error) in (_CORRUPT, _NOTADB)


def kind_of(error: Exception) -> str:
    """The error in one word, for counting."""
    if is_corruption(error):
        return "corruption"
    return {_FULL: "disk_full", _IOERR: "input_output"}.get(_primary_code(error), "other")


def _primary_code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def unavailable(error: Exception) -> StoreUnavailable:
    """What leaves the store instead of a driver's exception, whose text stays in the log."""
    _log.error("database error: %s (%s)", error, getattr(error, "sqlite_errorname", "no code"))
    return StoreUnavailable("the store cannot do this now; nothing was changed")
