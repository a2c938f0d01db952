"""A rate such as 10/15m, and the one statement that spends it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.domain.errors import TooManyAttempts


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` at once, then one more each `period / count`; `count` 0 is off. `period` in seconds."""

    count: int
    period: int

    @property
    def interval_ms(self) -> int:
        """How long one try takes to come back, in milliseconds."""
        return self.period * 1000 // self.count


@dataclass(frozen=True, slots=True)
class LimitCount:
    """A count of tries that are not all back yet."""

    key: bytes
    #: When they are, in milliseconds since the epoch.
    full_at_ms: int
    #: As `core.domain.limits.key.LimitKey` has them; empty where an older program has written it.
    kind: str
    account: str
    network: str


class LimitFacts(Protocol):
    """What can be read of rates."""

    def list_limit_counts(
        self, *, now_ms: int, after: bytes, limit: int, account: str | None = None, network: str | None = None
    ) -> Sequence[LimitCount]:
        """Those that are not full at `now_ms`, by key, of this account and this network where they are given."""
        ...


class LimitIntents(Protocol):
    """What can be done to a rate inside a transaction. Times are milliseconds since the epoch."""

    def take_slot(self, key: bytes, *, now_ms: int, interval_ms: int, burst: int) -> int:
        """Spend one try of `key`: 0 when it may go on, else how many milliseconds to wait (and nothing is spent).

        GCRA: the row holds the time at which the bucket is full again; a try is refused when that lies more than
        `(burst - 1) * interval_ms` ahead, and otherwise moves it one interval on from the later of it and now. A time
        that lies more than a minute beyond what a whole burst takes counts as now.
        """
        ...

    def give_slot_back(self, key: bytes, *, interval_ms: int) -> None:
        """Give one try of `key` back; nothing happens where none was taken."""
        ...

    def clear_slots(self, key: bytes) -> None:
        """Give every try of `key` back."""
        ...

    def clear_limit_counts(self, *, account: str | None, network: str | None) -> int:
        """Give every try back of this account and this network, where they are given; of how many counts."""
        ...

    def clear_limit_count(self, key: bytes) -> bool:
        """Give every try of one count back; False where there is none."""
        ...

    def remember(self, key: bytes, *, until_ms: int) -> None:
        """Remember a key until then, which no try spends."""
        ...

    def is_remembered(self, key: bytes, *, now_ms: int) -> bool:
        """Whether it is remembered still."""
        ...


def require_slot(transaction: LimitIntents, key: bytes, rate: Rate, *, now_ms: int, what: str) -> None:
    """Spend one try of `key`, or refuse; call it inside the transaction that the try belongs to.

    Raises:
        TooManyAttempts: the rate is used up; nothing was spent.
    """
    if rate.count == 0:
        return
    wait = transaction.take_slot(key, now_ms=now_ms, interval_ms=rate.interval_ms, burst=rate.count)
    if wait > 0:
        raise TooManyAttempts(f"too many {what}; try again later", retry_after=-(-wait // 1000))
