"""Another database in the place of the one that is there: by names alone, so that it happens or does not.

Its name says how far a copy has come: `RESTORING` while it is made fit, then restored-STAMP, then the database's own.
"""

import os
from pathlib import Path

from core.store.refusal import StoreRefused
from core.store.sqlite.folder import DATABASE, sync_folder

RESTORING = f"{DATABASE}.restoring"
_RESTORED = f"{DATABASE}.restored-"
_BEFORE = f"{DATABASE}.before-"
# The log goes first, so that it never meets a database that is not its own.
_SUFFIXES = ("-wal", "-shm", "")


def take_place(folder: Path, stamp: str) -> Path | None:
    """Put the copy at `RESTORING`, which is whole and on disk, in the place of the database.

    From the moment the copy has its second name, whoever opens the store next finishes what a crash cut off. Returns
    where the database before is kept, with `stamp` in its name; None where there was none.

    Raises:
        OSError: it could not begin; nothing has happened.
        StoreRefused: it has begun, and the disk failed.
    """
    while any(os.path.lexists(folder / f"{_BEFORE}{stamp}{suffix}") for suffix in _SUFFIXES):
        stamp += "+"
    had_one = os.path.lexists(folder / DATABASE)
    (folder / RESTORING).rename(folder / f"{_RESTORED}{stamp}")
    try:
        sync_folder(folder)
        finish_replacement(folder)
    except OSError as error:
        raise StoreRefused(f"{folder} fails ({error.strerror}): the next start finishes the restore") from None
    return folder / f"{_BEFORE}{stamp}" if had_one else None


def finish_replacement(folder: Path) -> None:
    """Finish what came as far as the second name, and clear away what did not. Only for who has the folder's lock."""
    for restored in folder.glob(f"{_RESTORED}*"):
        before = f"{_BEFORE}{restored.name.removeprefix(_RESTORED)}"
        for suffix in _SUFFIXES:
            if os.path.lexists(folder / f"{DATABASE}{suffix}"):
                (folder / f"{DATABASE}{suffix}").rename(folder / f"{before}{suffix}")
        restored.rename(folder / DATABASE)
        sync_folder(folder)
    for suffix in _SUFFIXES:
        (folder / f"{RESTORING}{suffix}").unlink(missing_ok=True)


def holds_database(folder: Path) -> bool:
    """Whether there is a database, or one that only has to take its place."""
    return os.path.lexists(folder / DATABASE) or any(folder.glob(f"{_RESTORED}*"))


def list_kept(folder: Path) -> list[Path]:
    """What was there before restores, and is kept."""
    return sorted(folder.glob(f"{_BEFORE}*"))
