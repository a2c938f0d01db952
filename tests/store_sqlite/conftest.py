"""A SQLite store in a folder of its own, opened and opened again by the tests."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest

from core.domain.tokens.change import Change
from core.metrics.store import StoreMetrics
from core.store.sqlite.reserve import RESERVE_BYTES
from core.store.sqlite.store import SqliteStore, open_store
from tests.store_contract.nouns import a_client, a_user

Opener: TypeAlias = Callable[..., SqliteStore]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the store is; not there yet."""
    return tmp_path / "data"


@pytest.fixture
def announced() -> list[Change]:
    """What `opened` stores announce."""
    return []


@pytest.fixture
def opened(folder: Path, announced: list[Change]) -> Iterator[Opener]:
    """Opens the store in `folder`; whatever a test leaves open is closed after it."""
    stores: list[SqliteStore] = []

    def open_it(
        on_commit: Callable[[Sequence[Change]], None] = announced.extend, metrics: StoreMetrics | None = None
    ) -> SqliteStore:
        stores.append(open_store(folder, on_commit=on_commit, metrics=metrics))
        return stores[-1]

    yield open_it
    for store in stores:
        store.close()


@pytest.fixture
def populated(opened: Opener) -> SqliteStore:
    """A store with the user and the client that `a_grant` names."""
    store = opened()
    assert store.write(lambda transaction: transaction.create_user(a_user()))
    store.write(lambda transaction: transaction.register_client(a_client()))
    return store


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number in it is what the disk says it has left, in bytes."""
    left = [100 * RESERVE_BYTES]
    real = os.statvfs

    def statvfs(path: str) -> os.statvfs_result:
        told = list(real(path))
        told[4] = left[0] // told[1]
        return os.statvfs_result(told)

    monkeypatch.setattr(os, "statvfs", statvfs)
    return left
