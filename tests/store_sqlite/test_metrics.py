"""What the store counts: commits, what waits, errors by kind, and how it stands with its disk."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from core.domain.errors import StoreUnavailable
from core.metrics.store import StoreMetrics
from core.store.sqlite.writer import LONGEST_QUEUE
from tests.scrape import Scrape
from tests.store_contract.nouns import a_user
from tests.store_contract.writers import one_group, submit
from tests.store_sqlite.conftest import Opener
from tests.store_sqlite.test_disk import failing_disk, limit_pages, lose_the_statement, record


class Watched:
    """Metrics, and a look at them."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.metrics = StoreMetrics(self._registry)

    def value(self, name: str, **labels: str) -> float:
        """One number, by its name without what all of them begin with."""
        text = generate_latest(self._registry).decode()
        return Scrape(text).value(f"tokenhouse_store_{name}", **labels)


@pytest.fixture
def watched() -> Watched:
    """Nothing counted yet."""
    return Watched()


def test_commits(opened: Opener, watched: Watched) -> None:
    """How many transactions shared a commit, and how long each group took."""
    store = opened(metrics=watched.metrics)
    with one_group(store):
        together = [submit(store, lambda transaction: 1) for _ in range(10)]
    assert [future.result(10) for future in together] == [1] * 10
    store.write(lambda transaction: transaction.create_user(a_user()))

    groups = watched.value("commit_transactions_count")
    assert watched.value("commit_transactions_sum") > groups
    assert watched.value("commit_transactions_bucket", le="8.0") < groups
    assert watched.value("commit_duration_seconds_count") == groups
    assert watched.value("commit_duration_seconds_sum") > 0


def test_a_full_queue(opened: Opener, watched: Watched) -> None:
    """What waits for the writer, how much may, and what was refused for it."""
    store = opened(metrics=watched.metrics)
    with one_group(store):
        waiting = [submit(store, lambda transaction: 1) for _ in range(LONGEST_QUEUE)]
        submit(store, lambda transaction: 1)
        assert watched.value("waiting_transactions") == LONGEST_QUEUE
    assert sum(future.result(30) for future in waiting) == LONGEST_QUEUE

    assert watched.value("waiting_transactions_limit") == LONGEST_QUEUE
    assert watched.value("waiting_transactions") == 0
    assert watched.value("shed_transactions_total") == 1


def test_errors_are_counted_by_kind(opened: Opener, watched: Watched, folder: Path) -> None:
    """A database that may not grow is disk_full, a disk that fails is input_output."""
    store = opened(metrics=watched.metrics)
    store.write(lambda transaction: transaction.create_user(a_user()))
    limit_pages(store, 1)
    with pytest.raises(StoreUnavailable):
        store.write(lose_the_statement)
    assert watched.value("errors_total", kind="disk_full") >= 1
    assert watched.value("errors_total", kind="input_output") == 0
    with failing_disk(folder), pytest.raises(StoreUnavailable):
        store.write(lambda transaction: transaction.create_user(a_user(subject="another", username_key="another")))

    assert watched.value("errors_total", kind="input_output") >= 1
    assert watched.value("errors_total", kind="corruption") == 0


def test_how_it_stands(opened: Opener, watched: Watched) -> None:
    """Sizes, room, the reserve; and a store that has given up writing says so."""

    def fail(changes: object) -> None:
        raise RuntimeError("nobody can be told")

    store = opened(on_commit=fail, metrics=watched.metrics)
    assert watched.value("writable") == 1
    assert watched.value("reserve_held") == 1
    assert watched.value("size_bytes", file="database") > 4096
    assert watched.value("disk_free_bytes") > 0
    with pytest.raises(StoreUnavailable):
        store.write(lambda transaction: record(transaction, "a grant"))

    assert watched.value("writable") == 0
