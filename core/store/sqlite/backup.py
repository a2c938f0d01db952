"""Copying the database while it is written to: one long read transaction, and a file that is whole or not there.

`VACUUM INTO` leaves out what was deleted, and makes a file that needs no log beside it.
"""

import os
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from core.domain.administration.backups import Backup
from core.domain.errors import AlreadyExists, FailedPrecondition, StoreUnavailable
from core.store.sqlite import driver
from core.store.sqlite.changes import CURRENT_REVISION
from core.store.sqlite.database import connect_copier, connect_reader
from core.store.sqlite.folder import free_bytes, sync_folder
from core.store.sqlite.reserve import RESERVE_BYTES

#: How often what was copied so far is put on the disk, in seconds: all of it at once would make every commit wait.
_SYNC_PERIOD = 0.05
_FIRST_BYTES = b"SQLite format 3\0"


class Copier:
    """Makes backups of one database, one at a time; any thread may ask."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._busy = threading.Lock()
        self._closed = False

    def back_up(self, path: Path, *, overwrite: bool, wanted: Callable[[], bool]) -> Backup:
        """`core.domain.administration.backups.BackupStore.back_up`."""
        if not self._busy.acquire(blocking=False):
            raise FailedPrecondition("a backup is being made already; wait until it is done")
        try:
            if self._closed:
                raise StoreUnavailable("the store is closed")
            return self._back_up(path, overwrite, lambda: wanted() and not self._closed)
        except OSError as error:
            raise FailedPrecondition(f"{path} cannot be made: {error.strerror}") from None
        finally:
            self._busy.release()

    def close(self) -> None:
        """End the backup in progress and make no more."""
        self._closed = True
        with self._busy:
            pass

    def _back_up(self, target: Path, overwrite: bool, wanted: Callable[[], bool]) -> Backup:
        if target.parent.samefile(self._database.parent):
            raise FailedPrecondition(f"{target.parent} is the database's own folder; name another one")
        with _place(target, overwrite), _unfinished(target) as (path, descriptor):
            self._copy(path, descriptor, wanted)
            revision = _require_whole(path)
            _require_wanted(wanted)
            os.fsync(descriptor)
            path.rename(target)
            sync_folder(target.parent)
            return Backup(target, os.fstat(descriptor).st_size, revision)

    def _copy(self, path: Path, descriptor: int, wanted: Callable[[], bool]) -> None:
        try:
            with closing(connect_copier(self._database)) as connection, ThreadPoolExecutor(1, "backup") as thread:
                self._require_room(path.parent, connection)
                copying = thread.submit(connection.execute, "VACUUM INTO ?", (str(path),))
                try:
                    _watch(copying, descriptor, wanted)
                finally:
                    connection.interrupt()
                copying.result()
        except driver.Error as error:
            raise _refusal(error) from None

    def _require_room(self, folder: Path, connection: driver.Connection) -> None:
        ((pages,),) = connection.execute("PRAGMA page_count").fetchall()
        ((page_size,),) = connection.execute("PRAGMA page_size").fetchall()
        needed = pages * page_size
        if folder.stat().st_dev == self._database.stat().st_dev:
            # A backup must not be what fills the disk of the database.
            needed += 2 * RESERVE_BYTES
        if (free := free_bytes(folder)) < needed:
            raise FailedPrecondition(f"{folder} has {free >> 20} MB free, and {(needed >> 20) + 1} MB are needed")


def _watch(copying: Future[driver.Cursor], descriptor: int, wanted: Callable[[], bool]) -> None:
    """Return when it is done."""
    while not wait([copying], timeout=_SYNC_PERIOD).done:
        _require_wanted(wanted)
        os.fdatasync(descriptor)


def _require_wanted(wanted: Callable[[], bool]) -> None:
    if not wanted():
        raise StoreUnavailable("the backup was given up; nothing was kept of it")


def _require_whole(path: Path) -> int:
    """See that the copy is one; its revision."""
    try:
        with closing(connect_reader(path)) as connection:
            findings = connection.execute("PRAGMA quick_check(1)").fetchall()
            ((revision,),) = connection.execute(CURRENT_REVISION).fetchall()
    except driver.Error as error:
        raise _refusal(error) from None
    if findings != [("ok",)]:
        raise StoreUnavailable("the copy is damaged; nothing was kept of it")
    return int(revision)


def _refusal(error: Exception) -> FailedPrecondition | StoreUnavailable:
    unavailable = driver.unavailable(error)
    if driver.is_corruption(error):
        return FailedPrecondition("the database is damaged: stop the core and restore an older backup")
    if driver.is_full_disk(error):
        return FailedPrecondition("the disk is full; nothing was kept of the backup")
    return unavailable


@contextmanager
def _place(target: Path, overwrite: bool) -> Iterator[None]:
    """Hold the name: an empty file, where there was none, until it is replaced; it goes if anything fails."""
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if not overwrite:
            raise AlreadyExists(f"{target} is there already: only --overwrite replaces an older backup") from None
        _require_backup(target)
        yield
        return
    try:
        yield
    except BaseException:
        with suppress(OSError):
            target.unlink()
        raise


def _require_backup(path: Path) -> None:
    """Whoever says "overwrite" means an older backup, or the name that a crash left of one: not a key or a device."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        if not is_file or os.read(descriptor, len(_FIRST_BYTES)) not in (b"", _FIRST_BYTES):
            raise FailedPrecondition(f"{path} is no backup, and is left as it is")
    finally:
        os.close(descriptor)


@contextmanager
def _unfinished(target: Path) -> Iterator[tuple[Path, int]]:
    """A private file beside the target, which may be renamed; gone otherwise."""
    path = target.with_name(f".{target.name}.unfinished")
    # Whoever made it holds the name no more. Its journal would be played into the next one.
    journal = path.with_name(f"{path.name}-journal")
    for stale in (path, journal):
        stale.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        yield path, descriptor
    except BaseException:
        for left in (path, journal):
            with suppress(OSError):
                left.unlink()
        raise
    finally:
        os.close(descriptor)
