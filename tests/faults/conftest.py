"""The preloaded disk, built once, and small disks that can be filled."""

import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.faults.disk_shim import DiskShim, build_shim
from tests.faults.small_disk import LimitedDisk, MountedDisk, SmallDisk

#: More than a database, its log and the room that is put by take up, in bytes.
_STATE_BYTES = 256 * 1024 * 1024


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shim, compiled."""
    return build_shim(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def state_folder(tmp_path: Path) -> Iterator[Path]:
    """Where what a disk held is put together and opened; in memory where there is room, for no plug is pulled there."""
    memory = Path("/dev/shm")  # noqa: S108
    if not (os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _STATE_BYTES):
        memory = tmp_path
    with TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def shim(library: Path, tmp_path: Path) -> Iterator[DiskShim]:
    """A disk below the database of a core in `tmp_path`; it keeps no record."""
    made = DiskShim(library, tmp_path / "data" / "database", tmp_path)
    yield made
    made.close()


@pytest.fixture
def small_disk(shim: DiskShim, tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk for a core in `tmp_path` that can be filled: a small real one.

    Where nothing may be mounted, a shim stands in for it that says it is full.
    """
    with ExitStack() as stack:
        disk: SmallDisk = LimitedDisk(shim)
        try:
            disk = stack.enter_context(_mounted(tmp_path / "data"))
        except subprocess.CalledProcessError as error:
            warnings.warn(f"no real small disk here: {error.stderr.decode().strip()}", stacklevel=1)
        yield disk


@contextmanager
def _mounted(folder: Path) -> Iterator[MountedDisk]:
    folder.mkdir(mode=0o700)
    disk = MountedDisk(folder)
    disk.mount()
    try:
        yield disk
    finally:
        disk.unmount()
