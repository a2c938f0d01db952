"""A start ten years ahead that nobody confirmed, put right at the next one: nothing made then lives for years."""

import pytest

from core.domain.errors import TooManyAttempts
from core.domain.limits.rate import Rate
from tests.domain.device_road import a_device
from tests.domain.house import DAY, House
from tests.domain.road import (
    a_client,
    a_code,
    a_session,
    a_user,
    asked,
    connect,
    redeeming,
    refreshing,
    refusal_of,
    start,
    validate,
)

YEARS = 10 * 365 * DAY


def go_back(house: House) -> None:
    """The next start, with the clock put right."""
    house.clock.advance(-YEARS)
    house.restart()


def test_tokens_and_codes_made_then_are_good_for_nothing(house: House) -> None:
    """They would be good until their years have passed: the times in them lie ahead, so they are refused."""
    connection = connect(house)
    house.clock.advance(YEARS)
    client, user = connection.client, connection.user
    code, made_then = a_code(house, client, user), connect(house, client=client, user=user)
    go_back(house)

    assert made_then.is_dead()
    assert refusal_of(house, redeeming(client.client_id, code)) == "InvalidGrant"
    assert validate(house, connection.tokens.access_token) is not None
    assert connection.rotate().refresh_token


def test_a_device_that_asked_then_asks_again(house: House) -> None:
    """Its code would be good until its years have passed, and so would a yes to it."""
    house.clock.advance(YEARS)
    waiting, allowed = a_device(house), a_device(house)
    allowed.decide()
    go_back(house)

    assert (waiting.refusal(), allowed.refusal()) == ("InvalidGrant", "InvalidGrant")


def test_a_browser_that_signed_in_then_signs_in_again(house: House) -> None:
    """README, Grants: a session lives for SessionLifetime, not for ten years."""
    user, client = a_user(house), a_client(house)
    before = a_session(house, user)
    house.clock.advance(YEARS)
    then = a_session(house, user)
    go_back(house)

    assert house.logins.find_user(before) == user
    assert house.logins.find_user(then) is None
    assert not house.logins.is_live(house.store, then, user.subject)
    assert start(house, asked(client), then) != start(house, asked(client), before)


def test_a_rate_that_was_used_up_then_is_full_again(house: House) -> None:
    """A network must not wait ten years: rates slow down and never lock."""
    with house.under(registrations=Rate(2, 3600)):
        house.clock.advance(YEARS)
        for _ in range(2):
            a_client(house)
        with pytest.raises(TooManyAttempts):
            a_client(house)
        go_back(house)
        for _ in range(2):
            a_client(house)
        with pytest.raises(TooManyAttempts):
            a_client(house)


def test_what_a_crash_left_half_a_minute_ahead_lives(house: House) -> None:
    """The last half minute before a crash is not noted; with a clock behind, what was made in it goes on."""
    connection = connect(house)
    session = a_session(house, connection.user)
    house.clock.advance(-30)
    house.restart()

    assert validate(house, connection.tokens.access_token) is not None
    assert refusal_of(house, refreshing(connection.client.client_id, connection.refresh_token)) == ""
    assert house.logins.find_user(session) == connection.user
    assert connection.grant().generation == 2
