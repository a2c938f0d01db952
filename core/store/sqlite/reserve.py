"""Room for ending things on a full disk: a file that gives way.

While it is given up, what would issue something new is refused, and what ends something is written into the room that
the file left; as soon as the disk has room for it twice, it is made again. It helps for as long as nobody else fills
that room too: a folder on a file system of its own keeps it.
"""

import logging
import os
from pathlib import Path

from core.store.sqlite.database import CHECKPOINT_PAGES
from core.store.sqlite.folder import RESERVE, free_bytes

_log = logging.getLogger(__name__)

#: In bytes. The log may grow until the next checkpoint, and the database by what that copies.
RESERVE_BYTES = 2 * CHECKPOINT_PAGES * 4096
_BLOCK_UNIT = 512


class Reserve:
    """The reserve of one folder; used by one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / RESERVE
        self._held = self._is_there()

    @property
    def held(self) -> bool:
        """Whether there is room put by, so that everything may be written."""
        return self._held

    def make(self) -> None:
        """Put the room by, unless that is done; where the disk has not got it, it counts as full."""
        if not self._held and not self._allocate():
            _log.critical("no room on the disk of %s: nothing new is issued until there is", self._path.parent)

    def renew(self) -> None:
        """Put the room by again where there is plenty."""
        if not self._held and free_bytes(self._path.parent) >= 2 * RESERVE_BYTES and self._allocate():
            _log.warning("the disk has room again: everything is written")

    def give_up(self) -> bool:
        """Give the room back to the disk if that is full; whether there is more room now than before."""
        if not self._held or free_bytes(self._path.parent) >= RESERVE_BYTES:
            return False
        self._held = False
        _log.critical("the disk of %s is full: nothing new is issued until there is room", self._path.parent)
        return self._remove()

    def _allocate(self) -> bool:
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
            finally:
                os.close(descriptor)
        except OSError:
            self._remove()
            return False
        self._held = True
        return True

    def _is_there(self) -> bool:
        try:
            status = self._path.lstat()
        except OSError:
            return False
        return status.st_size >= RESERVE_BYTES and status.st_blocks * _BLOCK_UNIT >= RESERVE_BYTES

    def _remove(self) -> bool:
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            _log.error("%s cannot be removed: %s", self._path, error.strerror)
            return False
        return True
