"""Figures in buckets of time: added up, kept over a restart, and never more than there are places for."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.administration.statistics import Figures, Period, Statistics
from core.domain.errors import StoreUnavailable
from core.store.sqlite.store import SqliteStore, open_store
from tests.fakes.clock import ManualClock

_LOGINS, _ROTATED = ("logins", "succeeded"), ("refreshes", "rotated")
_DAY = 24 * 60 * 60


class Counted:
    """What a core has counted since its start."""

    def __init__(self) -> None:
        self.totals: dict[tuple[str, str], int] = {}

    def read(self) -> Figures:
        """As `core.metrics.totals.Totals.read`."""
        return dict(self.totals)

    def add(self, name: tuple[str, str], number: int = 1) -> None:
        """It happened so often."""
        self.totals[name] = self.totals.get(name, 0) + number


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """A store in a folder of its own."""
    opened = open_store(tmp_path / "database", on_commit=lambda _: None)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> ManualClock:
    """At the beginning of a day."""
    clock = ManualClock()
    clock.advance(-clock.now() % _DAY)
    return clock


def _sums(statistics: Statistics, period: Period, name: tuple[str, str] = _LOGINS) -> list[int]:
    return [bucket.figures.get(name, 0) for bucket in statistics.read(period)]


def test_each_period_has_its_buckets_up_to_now(store: SqliteStore, clock: ManualClock) -> None:
    """60 minutes, 24 hours, 30 days, without gaps, the one that it is now last."""
    statistics = Statistics(store, Counted().read, clock)

    for period, number, seconds in ((Period.HOUR, 60, 60), (Period.DAY, 24, 3600), (Period.MONTH, 30, _DAY)):
        begins = [bucket.began_at for bucket in statistics.read(period)]
        assert begins == [clock.now() - seconds * place for place in reversed(range(number))]


def test_what_happens_stands_in_its_minute_hour_and_day(store: SqliteStore, clock: ManualClock) -> None:
    """Also before it was written down, and the same afterwards."""
    counted = Counted()
    statistics = Statistics(store, counted.read, clock)
    counted.add(_LOGINS, 2)
    statistics.look()
    clock.advance(60)
    counted.add(_LOGINS, 3)
    counted.add(_ROTATED)
    before = [statistics.read(period) for period in Period]
    statistics.write_down()

    assert [statistics.read(period) for period in Period] == before
    assert _sums(statistics, Period.HOUR)[-2:] == [2, 3]
    assert _sums(statistics, Period.DAY)[-1] == _sums(statistics, Period.MONTH)[-1] == 5
    assert _sums(statistics, Period.MONTH, _ROTATED)[-1] == 1


def test_a_restart_keeps_what_was_written_down(store: SqliteStore, clock: ManualClock) -> None:
    """The next core counts from zero, and its numbers are added."""
    first, second = Counted(), Counted()
    before = Statistics(store, first.read, clock)
    first.add(_LOGINS, 4)
    before.write_down()
    after = Statistics(store, second.read, clock)
    second.add(_LOGINS, 1)
    after.write_down()
    after.write_down()

    assert _sums(after, Period.HOUR)[-1] == 5


def test_the_database_does_not_grow_with_time_or_use(store: SqliteStore, clock: ManualClock) -> None:
    """40 days with something every 41 minutes: no more rows than places, each with the number of its own time."""
    counted, by_day = Counted(), Counter[int]()
    statistics = Statistics(store, counted.read, clock)
    for step in range(40 * 35):
        clock.advance(41 * 60)
        counted.add(_LOGINS)
        by_day[clock.now() // _DAY] += 1
        if step % 35:
            statistics.look()
        else:
            statistics.write_down()
    [(rows,)] = store.rows("SELECT COUNT(*) FROM statistics")
    today = clock.now() // _DAY

    assert rows == 60 + 24 + 30
    assert _sums(statistics, Period.MONTH) == [by_day[day] for day in range(today - 29, today + 1)]
    clock.advance(31 * _DAY)
    assert sum(_sums(statistics, Period.MONTH)) == 0


def test_nothing_is_written_where_nothing_happened(store: SqliteStore, clock: ManualClock) -> None:
    """An idle server leaves its disk alone."""
    writes: list[object] = []

    def check(tx: object) -> None:
        writes.append(tx)

    statistics = Statistics(store.guarded_by(check), Counted().read, clock)
    for _ in range(3):
        clock.advance(60)
        statistics.look()
        statistics.write_down()

    assert writes == []


def test_what_cannot_be_written_waits(store: SqliteStore, clock: ManualClock) -> None:
    """A disk that is full for hours costs no number, and no memory without end."""
    refusing = True

    def check(tx: object) -> None:
        if refusing:
            raise StoreUnavailable("full")

    counted = Counted()
    statistics = Statistics(store.guarded_by(check), counted.read, clock)
    for _ in range(200):
        clock.advance(60)
        counted.add(_LOGINS)
        with pytest.raises(StoreUnavailable):
            statistics.write_down()
    waiting = len(statistics._waiting)
    refusing = False
    statistics.write_down()

    assert waiting <= 60
    assert sum(_sums(statistics, Period.DAY)) == 200


def test_a_clock_in_doubt_writes_nothing(store: SqliteStore, clock: ManualClock) -> None:
    """A wrong date would take the places of the right ones; once somebody has confirmed it, it is written."""
    counted = Counted()
    clock.unconfirmed = True
    statistics = Statistics(store, counted.read, clock)
    counted.add(_LOGINS)
    statistics.write_down()
    in_doubt = store.list_buckets(Period.HOUR)
    clock.unconfirmed = False
    statistics.write_down()

    assert in_doubt == []
    assert _sums(statistics, Period.HOUR)[-1] == 1
