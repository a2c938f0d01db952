"""Records and counts are kept as long as the operator says, and counted is what has happened since."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.audit.act import Act, Result
from core.domain.audit.counts import AuditCounts
from core.domain.audit.record import AuditQuery, record_of
from core.domain.audit.refusals import Refusals
from core.domain.audit.upkeep import AuditUpkeep
from tests.domain.house import DAY, House

_ALL = AuditQuery(acts=(Act.LOGIN,))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house whose records are this test's alone."""
    built = House(tmp_path / "database")
    yield built
    built.close()


def _upkeep(house: House, tallies: Counter[tuple[Act, str]], retention: int | None) -> AuditUpkeep:
    counts = AuditCounts(house.store, lambda: Counter(tallies))
    return AuditUpkeep(house.store, Refusals(house.store, house.clock), counts, lambda: retention)


def _record(house: House, at: int) -> None:
    house.store.write(lambda tx: tx.record_act(record_of(Act.LOGIN, at=at, result=Result.SUCCEEDED)))


def _times(house: House) -> list[int]:
    return [each.at for each in house.store.list_audit_records(_ALL, limit=1000, after=0, before=None)]


def test_what_is_older_goes_a_batch_at_a_time(house: House) -> None:
    """Audit.Retention: to the second, and no number is ever given twice: the newest record stays, however old."""
    now, upkeep = house.clock.now(), _upkeep(house, Counter(), 30 * DAY)
    for age in (90 * DAY, 31 * DAY, 30 * DAY + 1, 30 * DAY, DAY):
        _record(house, now - age)
    assert upkeep.forget(now=now, limit=2) == 2
    assert len(_times(house)) == 3
    while upkeep.forget(now=now, limit=2):
        pass
    assert _times(house) == [now - 30 * DAY, now - DAY]
    [*_, newest] = house.store.list_audit_records(_ALL, limit=10, after=0, before=None)
    while upkeep.forget(now=now + 365 * DAY, limit=2):
        pass
    assert [each.number for each in house.store.list_audit_records(_ALL, limit=10, after=0, before=None)] == [
        newest.number
    ]
    _record(house, now)
    assert house.store.list_audit_records(_ALL, limit=1, after=None, before=None)[0].number == newest.number + 1


def test_never_is_for_good(house: House) -> None:
    """Audit.Retention = never."""
    _record(house, 1)
    _record(house, 2)
    assert _upkeep(house, Counter(), None).forget(now=house.clock.now(), limit=100) == 0
    assert _times(house) == [1, 2]


def test_counts_are_added_up_by_the_hour_and_go_with_the_records(house: House) -> None:
    """Each flush adds what has happened since the one before, to the hour in which it comes."""
    tallies: Counter[tuple[Act, str]] = Counter()
    upkeep, began = _upkeep(house, tallies, 30 * DAY), house.clock.now()
    for hour in range(3):
        for more in (5, 7):
            tallies[Act.REFRESH, "rotated"] += more
            tallies[Act.VALIDATION, "active"] += hour
            upkeep.write_counts(house.clock.now())
        house.clock.advance(3600)

    def counted() -> list[tuple[Act, str, int]]:
        found = house.store.list_audit_counts(since=began - 3600, until=began + 4 * 3600)
        return [(each.act, each.reason, each.count) for each in found]

    rotated, active = (Act.REFRESH, "rotated", 12), (Act.VALIDATION, "active")
    assert counted() == [rotated, rotated, (*active, 2), rotated, (*active, 4)]
    while upkeep.forget(now=began + 30 * DAY + 2 * 3600, limit=1):
        pass
    assert counted() == [rotated, (*active, 4)]


def test_nothing_is_written_where_nothing_has_happened(house: House) -> None:
    """An idle server writes nothing for it."""
    tallies = Counter({(Act.REFRESH, "rotated"): 1})
    upkeep = _upkeep(house, tallies, None)
    upkeep.write_counts(house.clock.now())
    before = house.store.row("SELECT total(count), count(*) FROM audit_counts")
    for _ in range(3):
        upkeep.write_counts(house.clock.now())
        upkeep.write_refusals()
    assert house.store.row("SELECT total(count), count(*) FROM audit_counts") == before
