"""Rotation, acknowledged: a new key signs when everybody who has to verify it can, and not before (RFC 7517)."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.errors import FailedPrecondition
from core.domain.keys.rotation import RECONNECTING, SHORTEST_PUBLICATION
from core.domain.keys.rotation_schedule import RotationSchedule
from core.domain.keys.signing_key import KeyState
from core.domain.tokens.access_token import LONGEST_LIFETIME
from tests.domain.house import DAY, House
from tests.domain.road import connect, validate

HOUR = 3600
PERIOD = 90 * DAY


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """One for each test: keys stay."""
    built = House(tmp_path / "database")
    yield built
    built.close()


def signing(house: House) -> str:
    """The kid of the key that signs."""
    return house.keys.signer.key_id


def published(house: House) -> list[str]:
    """The JWK Set."""
    return [key["kid"] for key in json.loads(house.keys.jwks())["keys"]]


def pass_time(house: House, seconds: float) -> None:
    """Time in which the core looks after its keys, as it does each second."""
    house.clock.advance(seconds)
    house.rotation.look()


def announce(house: House) -> str:
    """Publish a key; the kid. It is known for as long as one that is to be waited for has to be."""
    key_id = house.rotation.begin().key_id
    house.clock.advance(RECONNECTING)
    return key_id


def test_a_new_key_is_published_and_does_not_sign(house: House) -> None:
    """It stands in the JWK Set behind the one that signs, and nothing is signed with it."""
    before = signing(house)
    new = announce(house)
    house.rotation.look()
    assert published(house)[:2] == [before, new]
    assert signing(house) == before


def test_it_signs_when_every_connected_verifier_has_it(house: House) -> None:
    """The last one counts; the caches of the JWK Set are as old as they get by then."""
    new = announce(house)
    house.verifiers.keys = {"reports": set(), "mail": {new}}
    pass_time(house, SHORTEST_PUBLICATION)
    assert signing(house) != new
    house.verifiers.keys["reports"] = {new}
    house.rotation.look()
    assert signing(house) == new


def test_it_does_not_sign_while_a_cache_of_the_jwk_set_may_lack_it(house: House) -> None:
    """Whoever fetches it over HTTP keeps it for a while and acknowledges nothing (RFC 9111 §4.2)."""
    new = announce(house)
    house.verifiers.keys = {"reports": {new}}
    pass_time(house, SHORTEST_PUBLICATION - RECONNECTING - 1)
    assert signing(house) != new
    pass_time(house, 1)
    assert signing(house) == new


@pytest.mark.parametrize("keys", [{}, {"old": set()}], ids=["nobody", "one that never acknowledges"])
def test_it_signs_when_the_stated_time_has_passed(house: House, keys: dict[str, set[str]]) -> None:
    """Keys.SigningKeyPublicationPeriod: where nobody is connected, and where somebody never acknowledges."""
    new = announce(house)
    house.verifiers.keys = keys
    [waiting] = [each for each in house.key_administration().list() if each.key.key_id == new]
    assert waiting.signs_by == house.clock.now() + HOUR - RECONNECTING
    pass_time(house, HOUR - RECONNECTING - 1)
    assert signing(house) != new
    pass_time(house, 1)
    assert signing(house) == new


def test_a_verifier_that_connects_while_it_waits_is_waited_for(house: House) -> None:
    """It is a laggard from then on, and named."""
    new = announce(house)
    house.verifiers.keys = {"reports": {new}}
    house.clock.advance(SHORTEST_PUBLICATION)
    house.verifiers.keys["late"] = set()
    house.rotation.look()
    assert signing(house) != new
    [waiting] = [each for each in house.key_administration().list() if each.key.state is KeyState.PUBLISHED]
    assert [laggard.name for laggard in waiting.laggards] == ["late"]


def test_the_one_before_verifies_until_the_longest_token_has_expired(house: House) -> None:
    """Counted from its last signature, not from when the new key was published."""
    new = announce(house)
    with house.under(access_token_lifetime=LONGEST_LIFETIME):
        house.clock.advance(HOUR)
        last = connect(house).tokens.access_token
        house.rotation.look()
        house.clock.advance(LONGEST_LIFETIME - 1)
        assert signing(house) == new
        assert validate(house, last) is not None
    house.clock.advance(1)
    assert published(house) == [new]


def test_keys_rotate_by_schedule(house: House) -> None:
    """Keys.SigningKeyRotationPeriod after a key began to sign the next one is published, and signs in its turn."""
    house.rotation.sign_at_once()
    before = signing(house)
    pass_time(house, PERIOD - 1)
    assert house.keys.find_published() is None
    pass_time(house, 1)
    waiting = house.keys.find_published()
    assert waiting is not None
    assert signing(house) == before
    pass_time(house, HOUR)
    assert signing(house) == waiting.key_id
    assert house.rotation.rotation_due() == house.clock.now() + PERIOD


def test_never_means_by_command_alone(house: House) -> None:
    """Keys.SigningKeyRotationPeriod = never."""
    house.rotation.sign_at_once()
    with house.under(signing_key_rotation=RotationSchedule(None, HOUR)):
        pass_time(house, 10 * PERIOD)
        assert house.keys.find_published() is None
        assert house.rotation.rotation_due() is None
        new = announce(house)
        pass_time(house, HOUR)
        assert signing(house) == new


def test_a_rotation_on_top_of_another_is_the_same(house: House) -> None:
    """One key waits at a time; `--now` lets that one sign, and the next rotation has another."""
    new = announce(house)
    assert house.rotation.begin().key_id == new
    assert house.rotation.sign_at_once().key_id == new == signing(house)
    third = house.rotation.begin().key_id
    assert third not in (new, None)
    assert house.rotation.sign_at_once().key_id == third
    assert house.rotation.sign_at_once().key_id != third


def test_a_night_without_the_core_is_not_counted(house: House) -> None:
    """Nobody could fetch the key meanwhile; nor is a clock counted that was set while the core was off."""
    new = announce(house)
    pass_time(house, HOUR / 2)
    house.rotation.note_progress()
    house.close()
    house.clock.advance(30 * DAY)
    house.open()
    pass_time(house, HOUR / 2 - RECONNECTING - 1)
    assert signing(house) != new
    pass_time(house, 1)
    assert signing(house) == new


def test_after_a_start_verifiers_have_time_to_come_back(house: House) -> None:
    """Just after it nobody is connected, or the quickest alone."""
    new = announce(house)
    pass_time(house, SHORTEST_PUBLICATION)
    house.rotation.note_progress()
    house.restart()
    house.verifiers.keys = {"quick": {new}}
    pass_time(house, RECONNECTING - 1)
    assert signing(house) != new
    house.verifiers.keys["slow"] = set()
    pass_time(house, 1)
    assert signing(house) != new
    house.verifiers.keys["slow"] = {new}
    house.rotation.look()
    assert signing(house) == new


@pytest.mark.parametrize("phase", ["published", "signing", "withdrawn"])
def test_a_restart_in_each_phase_changes_nothing(house: House, phase: str) -> None:
    """Every key has the state that it had, and what was good is good."""
    new = announce(house)
    house.clock.advance(HOUR)
    token = connect(house).tokens.access_token
    if phase == "signing":
        house.rotation.look()
    if phase == "withdrawn":
        house.key_administration().withdraw_signing_key(signing(house))
    keys, good = house.keys.list_keys(), validate(house, token) is not None
    house.restart()
    assert house.keys.list_keys() == keys
    assert (validate(house, token) is not None) is good is (phase != "withdrawn")
    assert (signing(house) == new) is (phase != "published")


def test_a_clock_in_doubt_takes_no_step(house: House) -> None:
    """What it dates, the right clock would have to live with; when it is confirmed, everything goes on."""
    new = announce(house)
    house.clock.unconfirmed = True
    pass_time(house, PERIOD)
    assert signing(house) != new
    with pytest.raises(FailedPrecondition, match="in doubt"):
        house.rotation.sign_at_once()
    house.clock.confirm()
    house.rotation.look()
    assert signing(house) == new


def test_a_key_of_a_future_that_never_came_is_rotated(house: House) -> None:
    """A clock that ran ahead made it sign, and was put right: it would sign until that day comes."""
    house.clock.advance(365 * DAY)
    key_id = signing(house)
    house.key_administration().withdraw_signing_key(key_id)
    house.close()
    house.clock.advance(-365 * DAY)
    house.open()
    house.rotation.look()
    assert house.keys.find_published() is not None
