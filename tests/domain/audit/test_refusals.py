"""Refusals are gathered by kind, network and minute: no flood fills the database, and none goes uncounted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.audit.act import Act, ActorKind, Result
from core.domain.audit.record import AuditQuery, AuditRecord
from core.domain.audit.refusals import BURST, EACH, Refusals
from core.domain.errors import (
    AuthorizationPending,
    ClientKeysWanted,
    InvalidGrant,
    LoginFailed,
    SlowDown,
    StoreUnavailable,
    TooManyAttempts,
)
from tests.domain.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house whose records are this test's alone; its hour has just begun."""
    built = House(tmp_path / "database")
    built.clock.advance(3600 - built.clock.now() % 3600)
    yield built
    built.close()


def _records(house: House) -> list[AuditRecord]:
    """All of refusals, the oldest first."""
    query = AuditQuery(results=(Result.REFUSED,))
    return list(house.store.list_audit_records(query, limit=1_000_000, after=0, before=None))


def _login_failed(subject: str = "subject-1") -> LoginFailed:
    refusal = LoginFailed("user name or password is wrong")
    refusal.subject = subject
    return refusal


def test_the_first_is_recorded_at_once_and_the_others_of_its_minute_together(house: House) -> None:
    """Two records for any number of tries, with how many there were, the first one's and the second one's request."""
    refusals = Refusals(house.store, house.clock)
    for number in range(1000):
        refusals.add(Act.LOGIN, _login_failed(), network_address="192.0.2.7", correlation_id=f"id-{number}")
        house.clock.advance(0.05)
    refusals.flush()
    [first] = _records(house)
    house.clock.advance(10)
    refusals.flush()

    assert [(each.count, each.correlation_id) for each in _records(house)] == [(1, "id-0"), (999, "id-1")]
    assert (first.act, first.reason, first.subject, first.network) == (
        Act.LOGIN,
        "login_failed",
        "subject-1",
        "192.0.2.7",
    )
    assert {each.actor.kind for each in _records(house)} == {ActorKind.SERVER}


def test_kinds_are_told_apart(house: House) -> None:
    """By act, reason, user, client, network; the addresses of one /64 are one network."""
    refusals = Refusals(house.store, house.clock)
    of_a_client = InvalidGrant("no", "forged")
    of_a_client.client_id = "client-1"
    for address in ("2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2"):
        refusals.add(Act.LOGIN, _login_failed(), network_address=address)
    refusals.add(Act.LOGIN, _login_failed("subject-2"), network_address="192.0.2.1")
    refusals.add(Act.LOGIN, TooManyAttempts("no", 1), network_address="192.0.2.1")
    refusals.add(Act.REFRESH, of_a_client, network_address="192.0.2.1")
    refusals.add(Act.TOKEN, InvalidGrant("no", "forged"), network_address="192.0.2.1")
    refusals.flush(everything=True)

    found = [
        (each.act, each.reason, each.subject, each.client_id, each.network, each.count) for each in _records(house)
    ]
    assert sorted(found) == [
        (Act.LOGIN, "login_failed", "subject-1", "", "192.0.2.1", 1),
        (Act.LOGIN, "login_failed", "subject-1", "", "192.0.2.2", 1),
        (Act.LOGIN, "login_failed", "subject-1", "", "2001:db8::/64", 1),
        (Act.LOGIN, "login_failed", "subject-1", "", "2001:db8::/64", 1),
        (Act.LOGIN, "login_failed", "subject-2", "", "192.0.2.1", 1),
        (Act.LOGIN, "too_many_attempts", "", "", "192.0.2.1", 1),
        (Act.REFRESH, "forged", "", "client-1", "192.0.2.1", 1),
        (Act.TOKEN, "forged", "", "", "192.0.2.1", 1),
    ]


def test_a_flood_from_everywhere_leaves_few_records_and_the_right_number(house: House) -> None:
    """What cannot be told apart any more is added up by the hour, by act and reason, and names nobody."""
    refusals, tries = Refusals(house.store, house.clock), 20_000
    for number in range(tries):
        address = f"2001:db8:{number // 256:x}:{number % 256:x}::1"
        refusals.add(Act.LOGIN, _login_failed(f"subject-{number}"), network_address=address)
        if number % 100 == 0:
            house.clock.advance(9)
    house.clock.advance(3600)
    refusals.flush()

    found, lasted = _records(house), tries // 100 * 9
    nameless = [each for each in found if not each.network]
    assert sum(each.count for each in found) == tries
    assert len(found) - len(nameless) == BURST + lasted // EACH
    assert len(nameless) == 1
    assert (nameless[0].subject, nameless[0].actor.kind) == ("", ActorKind.ANONYMOUS)


@pytest.mark.parametrize(
    "undecided", [AuthorizationPending("wait"), SlowDown("wait"), ClientKeysWanted("ask"), StoreUnavailable("no")]
)
def test_what_is_no_decision_is_no_refusal(house: House, undecided: Exception) -> None:
    """A device that polls, keys that have to be fetched first, a disk that is full: nobody was refused anything."""
    refusals = Refusals(house.store, house.clock)
    refusals.add(Act.TOKEN, undecided)
    refusals.flush(everything=True)
    assert _records(house) == []


def test_what_left_a_record_of_its_own_leaves_no_other(house: House) -> None:
    """A code that came twice was recorded where its grant was ended."""
    refusals, reused = Refusals(house.store, house.clock), InvalidGrant("no", "reused")
    reused.recorded = True
    refusals.add(Act.TOKEN, reused)
    refusals.flush(everything=True)
    assert _records(house) == []


def test_what_cannot_be_written_is_written_later(house: House) -> None:
    """A store that is closed takes nothing; what was gathered is there for the next."""
    refusals = Refusals(house.store, house.clock)
    refusals.add(Act.LOGIN, _login_failed())
    house.close()
    with pytest.raises(StoreUnavailable):
        refusals.flush()
    house.open()
    refusals._store = house.store
    refusals.flush()
    assert [each.count for each in _records(house)] == [1]
