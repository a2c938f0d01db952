"""How much happened lately: figures in buckets of time, as many as an hour, a day and a month have, and never more.

Nothing is written when something happens. What the core counts anyway is looked at every second, and what came since
the look before is added to the minute; every half minute that is written down, for three sizes of buckets. So a crash
loses half a minute at the most, and the database does not grow with use.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from threading import Lock
from typing import Protocol, TypeAlias

from core.domain.clock import ServingClock
from core.domain.writing import Writes

#: How often each thing happened, by its family and name: ("logins", "succeeded").
Figures: TypeAlias = Mapping[tuple[str, str], int]

#: Minutes that wait to be written down, where the store cannot for so long; then the oldest are put together.
_MOST_WAITING = 60


class Period(Enum):
    """What can be looked back on: the seconds of a bucket, and how many there are."""

    HOUR = ("hour", 60, 60)
    DAY = ("day", 60 * 60, 24)
    MONTH = ("month", 24 * 60 * 60, 30)

    def __init__(self, label: str, seconds: int, buckets: int) -> None:
        self.label = label
        self.seconds = seconds
        self.buckets = buckets

    def begin_of(self, now: int) -> int:
        """When the bucket of this time began, in seconds since the epoch."""
        return now - now % self.seconds


@dataclass(frozen=True, slots=True)
class Bucket:
    """What happened in some time that began then, in seconds since the epoch."""

    began_at: int
    figures: Figures


class StatisticsFacts(Protocol):
    """What can be read of buckets."""

    def list_buckets(self, period: Period) -> Sequence[Bucket]:
        """Every bucket that there is, in no order; one of another time may stand in the place of a newer one."""
        ...


class StatisticsIntents(Protocol):
    """What can be done to buckets inside a transaction."""

    def add_to_bucket(self, period: Period, bucket: Bucket) -> None:
        """Add the figures to the bucket that began then; where another time stands in its place, it takes that."""
        ...


class StatisticsStore(StatisticsFacts, Writes[StatisticsIntents], Protocol):
    """What statistics need of a store."""


class Statistics:
    """Looks, writes down, and tells; from any thread."""

    def __init__(self, store: StatisticsStore, totals: Callable[[], Figures], clock: ServingClock) -> None:
        """`totals`: what the core has counted since its start."""
        self._store = store
        self._totals = totals
        self._clock = clock
        self._lock = Lock()
        self._seen: Figures = totals()
        #: By the minute's begin.
        self._waiting: dict[int, Counter[tuple[str, str]]] = {}

    def look(self) -> None:
        """Add what has come since the last look to the minute it is."""
        with self._lock:
            self._look()

    def write_down(self) -> None:
        """Keep what is waiting; nothing is written where there is nothing, nor by a clock that is in doubt.

        Raises:
            StoreUnavailable: it waits on.
        """
        with self._lock:
            self._look()
            if not self._waiting or self._clock.unconfirmed:
                return
            waiting = [Bucket(minute, figures) for minute, figures in sorted(self._waiting.items())]

            def intent(tx: StatisticsIntents) -> None:
                for period in Period:
                    for bucket in _put_together(period, waiting):
                        tx.add_to_bucket(period, bucket)

            self._store.write(intent)
            self._waiting.clear()

    def read(self, period: Period) -> Sequence[Bucket]:
        """The buckets of the period up to now, the oldest first, those in which nothing happened, too."""
        with self._lock:
            self._look()
            last = period.begin_of(self._clock.now())
            begins = range(last - (period.buckets - 1) * period.seconds, last + 1, period.seconds)
            found = {bucket.began_at: Counter(bucket.figures) for bucket in self._store.list_buckets(period)}
            for bucket in _put_together(period, [Bucket(at, figures) for at, figures in self._waiting.items()]):
                found.setdefault(bucket.began_at, Counter()).update(bucket.figures)
        return [Bucket(begin, found.get(begin, {})) for begin in begins]

    def _look(self) -> None:
        totals = self._totals()
        new = Counter({name: number - self._seen.get(name, 0) for name, number in totals.items()})
        self._seen = totals
        if new := +new:
            self._waiting.setdefault(Period.HOUR.begin_of(self._clock.now()), Counter()).update(new)
        while len(self._waiting) > _MOST_WAITING:
            oldest, next_one = sorted(self._waiting)[:2]
            self._waiting[next_one].update(self._waiting.pop(oldest))


def _put_together(period: Period, minutes: Sequence[Bucket]) -> Sequence[Bucket]:
    sums: dict[int, Counter[tuple[str, str]]] = {}
    for minute in minutes:
        sums.setdefault(period.begin_of(minute.began_at), Counter()).update(minute.figures)
    return [Bucket(begin, figures) for begin, figures in sorted(sums.items())]
