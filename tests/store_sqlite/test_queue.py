"""The writer's queue is bounded, and its thread never waits for itself."""

import pytest

from core.domain.errors import StoreUnavailable
from core.store.sqlite.writer import LARGEST_GROUP, LONGEST_QUEUE
from tests.store_contract.nouns import a_user
from tests.store_contract.writers import one_group, outcome
from tests.store_sqlite.conftest import Opener


def test_more_than_may_wait_is_refused_at_once(opened: Opener) -> None:
    """A full queue answers while the writer is still busy, and those that wait are served."""
    store = opened()
    with one_group(store):
        waiting = [store.submit(lambda transaction: 1) for _ in range(LONGEST_QUEUE)]
        refused = store.submit(lambda transaction: 1)
        assert isinstance(refused.exception(timeout=0), StoreUnavailable)
    assert sum(future.result(10) for future in waiting) == LONGEST_QUEUE


def test_a_group_is_bounded(opened: Opener) -> None:
    """No commit grows beyond its bound; whoever waits behind it has the next."""
    store = opened()
    with one_group(store):
        numbers = [store.submit(lambda transaction: id(transaction)) for _ in range(LARGEST_GROUP + 1)]
        kept = [store.submit(lambda transaction: transaction) for _ in range(2)]
    assert len({future.result(10) for future in numbers[:LARGEST_GROUP]}) == 1
    assert kept[0].result(10) is kept[1].result(10)


def test_an_intent_that_waits_for_another_is_refused(opened: Opener) -> None:
    """Writing inside a transaction would wait for ever; it fails instead."""
    store = opened()
    nested = store.submit(lambda transaction: store.write(lambda inner: inner.create_user(a_user())))
    assert isinstance(outcome(nested), RuntimeError)
    with pytest.raises(RuntimeError):
        nested.result(10)
