"""The one way to write, said once for every room: hand an intent to the writer, get its value after the commit."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

T = TypeVar("T")
TransactionT_co = TypeVar("TransactionT_co", covariant=True)


class Writes(Protocol[TransactionT_co]):
    """A store that runs intents over transactions of this type."""

    def submit(self, intent: Callable[[TransactionT_co], T]) -> Future[T]:
        """Queue `intent`; the future resolves with its value after the commit is on disk.

        The intent runs in a savepoint of its own, on the writer's thread. It may run again if a neighbour broke the
        commit, so it does nothing but call the transaction. An exception it raises rolls back its own writes alone
        and comes out of the future, after the commit as values do. `StoreUnavailable` comes out when the commit failed,
        and at once when too many intents wait or the store is closed; `submit` itself never raises.
        """
        ...

    def write(self, intent: Callable[[TransactionT_co], T]) -> T:
        """`submit` and wait."""
        ...
