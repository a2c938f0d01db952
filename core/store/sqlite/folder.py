"""The data folder: nobody else may read it, and one process at a time has its store open."""

import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from core.store.refusal import StoreInUse, StoreRefused

DATABASE = "tokenhouse.db"
LOCK = "tokenhouse.lock"
RESERVE = "tokenhouse.reserve"
_FILES = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", LOCK, RESERVE)


def require_private(folder: Path) -> None:
    """Make the folder (0700) where there is none; then see that it and the store's files are this user's alone.

    Raises:
        StoreRefused: it cannot be made, somebody else owns it or a file, or somebody else may use one.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreRefused(f"{folder} cannot be used: {error.strerror}") from None
    check_private(folder)


def check_private(folder: Path) -> None:
    """See that the folder and the store's files are this user's alone; nothing is made.

    Raises:
        StoreRefused: there is no such folder, somebody else owns it or a file, or somebody else may use one.
    """
    for reason in find_open(folder):
        raise StoreRefused(reason)


def find_open(folder: Path) -> Iterator[str]:
    """Everything for which `check_private` refuses the folder, a line each."""
    try:
        status = folder.stat()
        if not stat.S_ISDIR(status.st_mode):
            yield f"{folder} is not a folder"
            return
        yield from _find_others(folder, status, "0700")
        for path in (folder / name for name in _FILES):
            if os.path.lexists(path):
                yield from _find_others_of_file(path)
    except OSError as error:
        yield f"{folder} cannot be used: {error.strerror}"


def lock_folder(folder: Path) -> int:
    """Take the folder for this process; the descriptor to close when the store is closed.

    Raises:
        StoreInUse: another process has it.
        StoreRefused: it cannot be used.
    """
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StoreRefused(f"{folder / LOCK} cannot be opened: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise StoreInUse(f"{folder} is in use by another process; one core at a time may have it open") from None
    return descriptor


def sync_folder(folder: Path) -> None:
    """Make a new or renamed name in the folder survive a power loss."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def free_bytes(folder: Path) -> int:
    """The room left on the folder's file system; 0 where nobody can tell."""
    try:
        status = os.statvfs(folder)
    except OSError:
        return 0
    return status.f_bavail * status.f_frsize


def size_of(path: Path) -> int:
    """A file's size in bytes; 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _find_others_of_file(path: Path) -> Iterator[str]:
    status = path.lstat()
    if stat.S_ISREG(status.st_mode):
        yield from _find_others(path, status, "0600")
    else:
        yield f"{path} is not a plain file"


def _find_others(path: Path, status: os.stat_result, mode: str) -> Iterator[str]:
    if status.st_uid != os.geteuid():
        who = f"belongs to user {status.st_uid}, not to {os.geteuid()} who runs this"
        yield f"{path} {who}: run it as that user, or chown it"
    if stat.S_IMODE(status.st_mode) & 0o077:
        found = f"{stat.S_IMODE(status.st_mode):04o}"
        yield f"{path} is open to others (mode {found}); chmod {mode} it"
