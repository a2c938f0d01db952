"""A copy of a database made fit to be served, beside the one that is there, which nothing touches before the end."""

import os
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from core.domain.errors import StoreUnavailable
from core.store.refusal import StoreRefused
from core.store.sqlite import driver
from core.store.sqlite.database import bring_up_to_date, connect_writer
from core.store.sqlite.folder import DATABASE, lock_folder, require_private, sync_folder
from core.store.sqlite.outside import look_from_outside
from core.store.sqlite.replacement import RESTORING, finish_replacement, take_place
from core.store.sqlite.reserve import Reserve
from core.store.sqlite.soundness import find_damage, find_strangeness, has_own_schema
from core.store.sqlite.store import SqliteStore

_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Past:
    """What a database knows of the time it has seen."""

    #: The highest number that it gave to a change.
    revision: int
    #: In seconds since the epoch.
    noted_time: int


class Restore:
    """One restore into one folder. Made by `restoring`, which has the folder's lock meanwhile."""

    def __init__(self, folder: Path, lock: int) -> None:
        self._folder = folder
        self._lock = lock

    def open_copy(self, file: Path) -> SqliteStore:
        """Copy `file`, see that it is whole and one of ours, and open the copy with the newest schema.

        Raises:
            StoreRefused: it is not; one line that names the file.
        """
        copy = self._folder / RESTORING
        with _opened(file) as descriptor:
            try:
                _copy(descriptor, copy)
            except OSError as error:
                raise StoreRefused(f"{file} cannot be copied to {self._folder}: {error.strerror}") from None
        try:
            with closing(connect_writer(copy)) as connection:
                _require_sound(file, connection)
                bring_up_to_date(copy, connection)
                if not has_own_schema(connection):
                    raise StoreRefused(f"{file} has tables that are not Tokenhouse's")
            reserve = Reserve(self._folder)
            reserve.make()
            # The store lets go of a lock of its own when it is closed; the folder stays ours.
            return SqliteStore(copy, os.dup(self._lock), lambda changes: None, reserve)
        except driver.Error as error:
            raise StoreRefused(f"{file} cannot be used: {error}") from None

    def read_past(self) -> Past | None:
        """What the database that is there knows; None where there is none, or none that can be read.

        One that can be read is whole in one file afterwards. Another one is left as it is: whoever opens it to write
        would take away its log.
        """
        path = self._folder / DATABASE
        try:
            with look_from_outside(path) as view:
                past = Past(view.current_revision(), view.persisted_time())
            with closing(connect_writer(path)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except (StoreRefused, StoreUnavailable, driver.Error):
            return None
        return past

    def take_place(self, stamp: str) -> Path | None:
        """Let the copy, whose store is closed, be the database; where the one before is kept (None: there was none).

        Raises:
            StoreRefused: the disk fails; the line says whether the next start finishes it, or nothing has happened.
        """
        try:
            log = self._folder / f"{RESTORING}-wal"
            if log.exists() and log.stat().st_size:
                raise StoreRefused(f"{self._folder}: the disk failed, and nothing was changed")
            return take_place(self._folder, stamp)
        except OSError as error:
            raise StoreRefused(f"{self._folder} cannot be changed: {error.strerror}; nothing has happened") from None


@contextmanager
def restoring(folder: Path) -> Iterator[Restore]:
    """Have the folder for a restore; what is not finished leaves nothing behind.

    Raises:
        StoreRefused: a core or another restore has it, or others may use it.
    """
    driver.require_safe_library()
    require_private(folder)
    lock = lock_folder(folder)
    try:
        finish_replacement(folder)
        try:
            yield Restore(folder, lock)
        finally:
            with suppress(OSError):
                finish_replacement(folder)
    except OSError as error:
        raise StoreRefused(f"{folder} cannot be used: {error.strerror}") from None
    finally:
        os.close(lock)


@contextmanager
def _opened(file: Path) -> Iterator[int]:
    """The file's descriptor. Raises StoreRefused: it cannot be read, or is not the whole of a database."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise StoreRefused(f"{file} cannot be read: {error.strerror}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise StoreRefused(f"{file} is not a plain file")
        if status.st_size == 0:
            raise StoreRefused(f"{file} is empty")
        log = Path(f"{file}-wal")
        if log.exists() and log.stat().st_size:
            raise StoreRefused(f"{file} is not the whole of a database, part of which is in {log.name}")
        yield descriptor
    finally:
        os.close(descriptor)


def _copy(source: int, copy: Path) -> None:
    target = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(target, "wb") as file:
        while chunk := os.read(source, _CHUNK):
            file.write(chunk)
        file.flush()
        os.fsync(target)
    sync_folder(copy.parent)


def _require_sound(file: Path, connection: driver.Connection) -> None:
    if damage := find_damage(connection, "integrity_check"):
        raise StoreRefused(f"{file} is damaged ({damage})")
    if strangeness := find_strangeness(connection):
        raise StoreRefused(f"{file} {strangeness}")
