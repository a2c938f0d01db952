"""Connections for reading: as many as there are reads at the same moment, not as there are threads."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from core.domain.errors import StoreUnavailable
from core.store.sqlite.folder import DATABASE
from core.store.sqlite.transaction import SqliteTransaction
from tests.patience import PATIENCE
from tests.store_contract.nouns import a_user
from tests.store_sqlite.conftest import Opener


def connections(folder: Path) -> int:
    """How often this process has the database open."""
    database = str(folder / DATABASE)
    return sum(os.path.realpath(entry.path) == database for entry in os.scandir("/proc/self/fd"))


def test_threads_that_read_in_turn_share_one_connection(opened: Opener, folder: Path) -> None:
    """Each connection has a cache and statements of its own, which a thread that reads now and then would only keep."""
    store = opened()
    writing, turn = connections(folder), threading.Lock()
    have_read, may_end = threading.Barrier(21, timeout=PATIENCE), threading.Barrier(21, timeout=PATIENCE)

    def read() -> None:
        with turn:
            store.find_user_by_name("nobody")
        have_read.wait()
        may_end.wait()

    readers = [threading.Thread(target=read, daemon=True) for _ in range(20)]
    for reader in readers:
        reader.start()
    have_read.wait()
    found = connections(folder)
    may_end.wait()
    assert found == writing + 1


def test_threads_that_read_at_once_each_get_their_own_rows(opened: Opener) -> None:
    """A connection that is in use is nobody else's."""
    store = opened()
    for number in range(8):
        user = a_user(subject=f"s{number}", username_key=f"u{number}")
        assert store.write(partial(SqliteTransaction.create_user, user=user))

    def read(number: int) -> bool:
        return all((user := store.find_user_by_name(f"u{number}")) and user.subject == f"s{number}" for _ in range(200))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(8)))


def test_a_closed_store_opens_no_connection(opened: Opener, folder: Path) -> None:
    """Neither for a thread that has read before nor for another."""
    store = opened()
    store.find_user_by_name("nobody")
    store.close()
    with pytest.raises(StoreUnavailable):
        store.find_user_by_name("nobody")
    assert connections(folder) == 0
