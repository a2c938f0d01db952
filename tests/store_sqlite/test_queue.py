"""The writer's queue is bounded, and its thread never waits for itself."""

import pytest

from core.domain.errors import NotFound, StoreUnavailable
from core.store.sqlite.transaction import SqliteTransaction
from core.store.sqlite.writer import LARGEST_GROUP, LONGEST_QUEUE
from tests.store_contract.nouns import a_user
from tests.store_contract.writers import one_group, outcome, submit
from tests.store_sqlite.conftest import Opener


def test_more_than_may_wait_is_refused_at_once(opened: Opener) -> None:
    """A full queue answers while the writer is still busy, and those that wait are served."""
    store = opened()
    with one_group(store):
        waiting = [submit(store, lambda transaction: 1) for _ in range(LONGEST_QUEUE)]
        refused = submit(store, lambda transaction: 1)
        assert isinstance(refused.exception(timeout=0), StoreUnavailable)
    assert sum(future.result(10) for future in waiting) == LONGEST_QUEUE


def test_a_group_is_bounded(opened: Opener) -> None:
    """No commit grows beyond its bound; whoever waits behind it has the next."""
    store = opened()
    with one_group(store):
        numbers = [submit(store, lambda transaction: id(transaction)) for _ in range(LARGEST_GROUP + 1)]
        kept = [submit(store, lambda transaction: transaction) for _ in range(2)]
    assert len({future.result(10) for future in numbers[:LARGEST_GROUP]}) == 1
    assert kept[0].result(10) is kept[1].result(10)


def test_an_intent_that_waits_for_another_is_refused(opened: Opener) -> None:
    """Writing inside a transaction would wait for ever; it fails instead."""
    store = opened()
    nested = submit(store, lambda transaction: store.write(lambda inner: inner.create_user(a_user())))
    assert isinstance(outcome(nested), RuntimeError)
    with pytest.raises(RuntimeError):
        nested.result(10)


def test_a_refusal_that_wrote_nothing_has_nobody_run_twice(opened: Opener) -> None:
    """Whoever sends what is refused at once cannot make the neighbours' work worth twice as much."""
    store, ran = opened(), []

    def refuse(transaction: SqliteTransaction) -> None:
        assert not transaction.kill_code(b"x" * 16)
        raise NotFound("nothing there")

    def count(transaction: SqliteTransaction) -> int:
        ran.append("count")
        return len(ran)

    first, refusal, last = store.write_all([count, refuse, count])
    assert (first, last) == (1, 2)
    assert isinstance(refusal, NotFound)
