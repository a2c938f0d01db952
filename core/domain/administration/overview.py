"""How much there is of everything, as operators ask it first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from core.domain.clock import ServingClock
from core.domain.keys.key_ring import KeyRing


@dataclass(frozen=True, slots=True)
class Inventory:
    """Rows of each kind."""

    clients: int
    #: Of the clients.
    blocked_clients: int
    users: int
    #: Of the users.
    disabled_users: int
    #: That can still be used.
    live_grants: int
    #: Of browsers, that have not ended.
    live_sessions: int


class InventoryFacts(Protocol):
    """What can be counted."""

    def count_rows(self, *, live_at: int) -> Inventory:
        """Count what there is at that time, in seconds since the epoch."""
        ...


@dataclass(frozen=True, slots=True)
class Overview:
    """The inventory, and what no store knows."""

    inventory: Inventory
    connected_verifiers: int
    signing_key_id: str
    clock_unconfirmed: bool


class OverviewAdministration:
    """Looks at everything at once."""

    def __init__(
        self, store: InventoryFacts, keys: KeyRing, count_verifiers: Callable[[], int], clock: ServingClock
    ) -> None:
        self._store = store
        self._keys = keys
        self._count_verifiers = count_verifiers
        self._clock = clock

    def look(self) -> Overview:
        """As it is now."""
        return Overview(
            self._store.count_rows(live_at=self._clock.now()),
            self._count_verifiers(),
            self._keys.signing.key_id,
            self._clock.unconfirmed,
        )
