"""Ways to bring several transactions to a store at the same moment."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from core.domain.store import Store, Transaction
from core.domain.writing import Outcome, Writes
from tests.patience import PATIENCE

T = TypeVar("T")
TransactionT = TypeVar("TransactionT")


def submit(store: Writes[TransactionT], intent: Callable[[TransactionT], T]) -> "Future[T]":
    """One intent, queued; a future of what comes of it alone."""
    future: Future[T] = Future()

    def settle(written: "Future[list[Outcome]]") -> None:
        [(value, failure)] = written.result()
        if failure is None:
            future.set_result(value)
        else:
            future.set_exception(failure)

    store.submit([intent]).add_done_callback(settle)
    return future


@contextmanager
def one_group(store: Store) -> Iterator[None]:
    """What is submitted inside waits behind a transaction that ends with the block, and so becomes one commit."""
    reached, leave = threading.Event(), threading.Event()

    def hold(transaction: Transaction) -> None:
        reached.set()
        assert leave.wait(PATIENCE)

    holding = submit(store, hold)
    assert reached.wait(PATIENCE)
    try:
        yield
    finally:
        leave.set()
        holding.result(10)


def race(store: Store, intent: Callable[[Transaction], T], count: int = 50) -> list[T]:
    """What `count` threads got, each writing the same intent at the same moment."""
    start = threading.Barrier(count)

    def run(_: int) -> T:
        start.wait(PATIENCE)
        return store.write(intent)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def outcome(future: "Future[Any]") -> Any:
    """What came out of a future, whether returned or raised."""
    error = future.exception(10)
    return future.result() if error is None else error
