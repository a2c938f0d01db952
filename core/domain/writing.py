"""The one way to write, said once for every room: hand intents to the writer, get their values after the commit."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Protocol, TypeAlias, TypeVar

T = TypeVar("T")
ItemT = TypeVar("ItemT")
TransactionT = TypeVar("TransactionT")
TransactionT_co = TypeVar("TransactionT_co", covariant=True)

#: Of `write_each`, in one transaction, so that no request waits long behind it.
_BATCH = 500

#: What an intent returned, or what it raised.
Outcome: TypeAlias = tuple[Any, BaseException | None]


class Writes(Protocol[TransactionT_co]):
    """A store that runs intents over transactions of this type.

    An intent runs on the writer's thread. It may run again, if a neighbour broke the commit or something has to be
    undone, so it does nothing but call the transaction. An exception it raises undoes its own writes alone.
    """

    def submit(self, intents: Sequence[Callable[[TransactionT_co], Any]]) -> Future[list[Outcome]]:
        """Queue intents that belong to one caller; the future brings what came of each, after the commit is on disk.

        They share a commit, unless one breaks it. Exceptions come after the commit as values do. `StoreUnavailable` is
        what came of an intent whose commit failed, and of all of them, at once, when too many wait or the store is
        closed; neither `submit` nor the future ever raises.
        """
        ...

    def write(self, intent: Callable[[TransactionT_co], T]) -> T:
        """`submit` one and wait: its value, or its exception raised."""
        ...

    def write_all(
        self, intents: Sequence[Callable[[TransactionT_co], T]], *, within: float | None = None
    ) -> list[T | Exception]:
        """`submit` and wait: the value or the exception of each, in their order; an exit asked for is raised.

        What has not begun `within` so many seconds never does, and `StoreUnavailable` is what came of each: whoever
        waits no longer must not find out later that it happened.
        """
        ...


def write_each(
    store: Writes[TransactionT], items: Sequence[ItemT], write: Callable[[TransactionT, ItemT], None]
) -> None:
    """`write` each of many, some hundred in a transaction.

    Raises:
        StoreUnavailable: those of this transaction, and all after them, are not written.
    """

    def write_some(some: Sequence[ItemT]) -> None:
        def intent(tx: TransactionT) -> None:
            for item in some:
                write(tx, item)

        store.write(intent)

    for begin in range(0, len(items), _BATCH):
        write_some(items[begin : begin + _BATCH])
