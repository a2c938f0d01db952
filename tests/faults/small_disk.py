"""Disks that can be filled to the last byte and emptied again."""

import errno
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tests.faults.disk_shim import DiskShim

_SIZE = "96m"


class SmallDisk(Protocol):
    """A disk for the data of one core."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What the core is started with."""
        ...

    def fill(self) -> None:
        """Leave no room."""
        ...

    def empty(self) -> None:
        """Give the room back."""
        ...


class MountedDisk:
    """A file system of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._filler = folder / "filler"
        self.environment: Mapping[str, str] = {}

    def mount(self) -> None:
        """Put it in the place of the folder.

        Raises:
            subprocess.CalledProcessError: that is not permitted here.
        """
        options = f"size={_SIZE},mode=700"
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "small", str(self._folder)], check=True, capture_output=True
        )

    def unmount(self) -> None:
        """Take it away."""
        subprocess.run(["umount", str(self._folder)], check=True)

    def fill(self) -> None:
        with self._filler.open("ab", buffering=0) as file:
            for piece in (bytes(2**20), bytes(4096), b"\0"):
                self._write_until_full(file.fileno(), piece)

    def empty(self) -> None:
        self._filler.unlink()

    @staticmethod
    def _write_until_full(descriptor: int, piece: bytes) -> None:
        try:
            while True:
                os.write(descriptor, piece)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


class LimitedDisk:
    """A shim that says there is no room."""

    def __init__(self, shim: DiskShim) -> None:
        self._shim = shim
        self.environment: Mapping[str, str] = shim.environment

    def fill(self) -> None:
        self._shim.limit_room(0)

    def empty(self) -> None:
        self._shim.limit_room(None)
