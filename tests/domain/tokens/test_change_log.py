"""The log of changes: gapless where it can be, honest where it cannot."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.store import Transaction
from core.domain.tokens import change_log
from core.domain.tokens.change import Change, ChangeKind
from core.domain.tokens.change_log import ChangeLog
from tests.domain.house import DAY, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house of one test."""
    built = House(tmp_path / "database")
    yield built
    built.close()


def record(house: House, count: int, keep: int = DAY) -> list[Change]:
    """That many changes, each in a commit."""
    now = house.clock.now()

    def intent(tx: Transaction) -> int:
        return tx.record_change(ChangeKind.GRANT_REVOKED, "x", now=now, keep_until=now + keep)

    for _ in range(count):
        house.store.write(intent)
    return list(house.store.list_changes(since=house.store.current_revision() - count, now=now))


@pytest.mark.parametrize("recent", [1, 3, 4096])
def test_what_follows_a_revision(house: House, monkeypatch: pytest.MonkeyPatch, recent: int) -> None:
    """From memory and from the store the same: every change after it, in order, no more than asked for."""
    monkeypatch.setattr(change_log, "_RECENT", recent)
    old = record(house, 3)
    log = ChangeLog(house.store, house.clock)
    new = record(house, 9)
    for change in new:
        log.append([change])
    every = [*old, *new]
    for revision in range(13):
        for limit in (1, 4, 100):
            assert log.list_after(revision, limit=limit) == every[revision : revision + limit]
    assert log.revision == 12


def test_where_changes_are_gone_nothing_follows(house: House) -> None:
    """A gap is never passed over: who was before it begins anew."""
    record(house, 2)
    record(house, 2, keep=10)
    record(house, 2)
    house.clock.advance(11)
    log = ChangeLog(house.store, house.clock)
    assert [log.list_after(revision, limit=9) is None for revision in range(7)] == [True] * 4 + [False] * 3
    house.store.purge(now=house.clock.now(), limit=10)
    assert [log.list_after(revision, limit=9) is None for revision in range(7)] == [True] * 4 + [False] * 3
    assert [change.revision for change in log.list_kept(since=0, limit=9)] == [1, 2, 5, 6]
    assert [change.revision for change in log.list_kept(since=1, limit=2)] == [2, 5]


def test_a_change_is_known_by_its_mark(house: House) -> None:
    """The number alone may be another change's, made after the database went back to a backup."""
    changes = record(house, 3)
    log = ChangeLog(house.store, house.clock)
    for change in changes:
        assert log.has(change.revision, change.mark)
        assert not log.has(change.revision, b"")
        assert not any(log.has(other.revision, change.mark) for other in changes if other is not change)
    assert not any(log.has(revision, changes[0].mark) for revision in (-1, 0, 4, 2**62))
    house.clock.advance(DAY)
    assert not log.has(3, changes[2].mark)


def test_marks_differ_in_whatever_differs() -> None:
    """Number, kind, target or time."""
    one = Change(1, ChangeKind.GRANT_REVOKED, "x", 10, 20)
    others = [
        Change(2, ChangeKind.GRANT_REVOKED, "x", 10, 20),
        Change(1, ChangeKind.CLIENT_REVOKED, "x", 10, 20),
        Change(1, ChangeKind.GRANT_REVOKED, "y", 10, 20),
        Change(1, ChangeKind.GRANT_REVOKED, "x", 11, 20),
    ]
    assert len({change.mark for change in (one, *others)}) == 5
    assert one.mark == Change(1, ChangeKind.GRANT_REVOKED, "x", 10, 99).mark
