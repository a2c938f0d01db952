"""Every test here runs once for each engine, on a real database in a folder of its own."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest

from core.domain.store import Store
from core.domain.tokens.change import Change
from core.store.sqlite.store import open_store
from tests.store_contract.nouns import a_client, a_user

OnCommit: TypeAlias = Callable[[Sequence[Change]], None]
Engine: TypeAlias = Callable[[Path, OnCommit], Store]


def open_sqlite(folder: Path, on_commit: OnCommit) -> Store:
    """The default engine."""
    return open_store(folder, on_commit=on_commit)


ENGINES: dict[str, Engine] = {"sqlite": open_sqlite}


class Announced:
    """What the store announced after its commits; `listener` is called with each announcement first."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.listener: OnCommit = lambda changes: None

    def __call__(self, changes: Sequence[Change]) -> None:
        self.listener(changes)
        self.changes.extend(changes)


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> Engine:
    """How to open a store of the engine under test."""
    return ENGINES[request.param]


@pytest.fixture
def announced() -> Announced:
    """Collects what `store` announces."""
    return Announced()


@pytest.fixture
def store(engine: Engine, tmp_path: Path, announced: Announced) -> Iterator[Store]:
    """An empty store."""
    opened = engine(tmp_path / "data", announced)
    yield opened
    opened.close()


@pytest.fixture
def populated(store: Store) -> Store:
    """A store with the user and the client that `a_grant` names."""
    assert store.write(lambda transaction: transaction.create_user(a_user()))
    store.write(lambda transaction: transaction.register_client(a_client()))
    return store
