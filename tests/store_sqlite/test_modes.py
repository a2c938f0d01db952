"""Nobody else on the machine can read the store."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store_sqlite.conftest import Opener


@pytest.fixture
def careless() -> Iterator[None]:
    """A process whose umask protects nothing."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("careless")
def test_the_folder_is_0700_and_every_file_0600(opened: Opener, folder: Path) -> None:
    """Database, log, shared memory and lock, while writers and readers have them open, whatever the umask."""
    store = opened()
    store.note_time(1)
    assert store.persisted_time() == 1
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    names = ("tokenhouse.db", "tokenhouse.db-wal", "tokenhouse.db-shm", "tokenhouse.lock", "tokenhouse.reserve")
    assert modes == dict.fromkeys(names, 0o600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_close_leaves_one_whole_file(opened: Opener, folder: Path) -> None:
    """The log is copied into the database, so that the database alone is a backup."""
    store = opened()
    store.note_time(1)
    store.close()
    assert sorted(path.name for path in folder.iterdir()) == ["tokenhouse.db", "tokenhouse.lock", "tokenhouse.reserve"]
