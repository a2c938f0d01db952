"""Every combination of single faults, made before and judged after: in the running core, and in one started again."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from itertools import combinations, product
from typing import Any, ClassVar, TypeAlias

from tests.domain.house import House

Faults: TypeAlias = frozenset[str]
#: Where a request is judged: by the process that made what it presents, or by the next one.
WHEN = ("", "restarted")


class Stand(ABC):
    """Makes requests of one kind, wrong in any combination of ways."""

    #: What can be wrong with one.
    faults: ClassVar[tuple[str, ...]]
    #: How long what is presented lives, in seconds: the fault "expired" is having been made so long ago.
    lifetime: ClassVar[int]

    @abstractmethod
    def make(self, faults: Faults) -> Any:
        """A request with these faults."""

    @abstractmethod
    def spoil(self) -> None:
        """Commit what can only be wrong once everything has been made: end users and clients that are to be ended."""

    @abstractmethod
    def is_accepted(self, request: Any) -> bool:
        """Whether it had an effect."""


def all_combinations(faults: Iterable[str]) -> list[Faults]:
    """2^n: none of them, each alone, every two …"""
    names = list(faults)
    return [frozenset(chosen) for size in range(len(names) + 1) for chosen in combinations(names, size)]


def find_accepted(house: House, stand: Stand) -> dict[str, set[Faults]]:
    """Which combinations were accepted, by when they were judged; one restart for all of them."""
    cells = list(product(WHEN, all_combinations(stand.faults)))
    made = {cell: stand.make(cell[1]) for cell in cells if "expired" in cell[1]}
    house.clock.advance(stand.lifetime)
    made |= {cell: stand.make(cell[1]) for cell in cells if cell not in made}
    stand.spoil()
    accepted: dict[str, set[Faults]] = {}
    for when in WHEN:
        if when:
            house.restart()
        accepted[when] = {
            faults for judged, faults in cells if judged == when and stand.is_accepted(made[when, faults])
        }
    return accepted
