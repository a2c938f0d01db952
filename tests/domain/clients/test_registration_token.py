"""Initial access tokens and who may register (RFC 7591 §3)."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest

from core.domain.administration.registration_tokens import NewRegistrationToken, RegistrationTokenAdministration
from core.domain.clients.registration import RegistrationRequest
from core.domain.errors import (
    InitialAccessTokenRefused,
    InvalidArgument,
    InvalidRedirectUri,
    NotFound,
    RegistrationOff,
    TooManyAttempts,
)
from core.domain.limits.rate import Rate
from core.domain.policy import RegistrationMode, RegistrationPolicy
from tests.domain.house import DAY, House


def administration(house: House) -> RegistrationTokenAdministration:
    """What operators do."""
    return RegistrationTokenAdministration(house.store, house.clock, house.randomness)


def made(house: House, *, lifetime: int | None = None, uses: int | None = None) -> NewRegistrationToken:
    """A new token."""
    return administration(house).create("for a test", lifetime=lifetime, uses=uses)


def mode(house: House, mode: RegistrationMode = RegistrationMode.TOKEN) -> AbstractContextManager[None]:
    """Registration is for those with a token, or as `mode` says."""
    return house.under(registration=RegistrationPolicy(mode, 7 * DAY, None))


def register(house: House, token: str, name: str = "a tool", uri: str = "http://127.0.0.1/cb") -> None:
    """Registers with this token, or is refused."""
    body = json.dumps({"client_name": name, "redirect_uris": [uri]}).encode()
    house.registrations.register(RegistrationRequest(body, "192.0.2.1", initial_access_token=token))


def left(house: House, token: NewRegistrationToken) -> tuple[int | None, int]:
    """How often the token is still good, and how often it was."""
    [found] = [each for each in administration(house).list() if each.token_id == token.token.token_id]
    return found.uses_left, found.uses


def test_only_a_good_token_registers(house: House) -> None:
    """None, a wrong one, one that has expired, one that is used up and one that was removed are refused alike."""
    once, short, removed = made(house, uses=1), made(house, lifetime=60), made(house)
    with mode(house):
        register(house, once.text)
        register(house, short.text)
        register(house, removed.text)
        house.clock.advance(60)
        administration(house).remove(removed.token.token_id)
        for token in ("", "thi_wrong", once.text, short.text, removed.text, once.text[:-1], "ü\ud800"):
            with pytest.raises(InitialAccessTokenRefused):
                register(house, token)
    assert left(house, once) == (0, 1)
    assert left(house, short) == (None, 1)


def test_the_last_use_is_one(house: House) -> None:
    """Of twenty at once as many register as the token is good for, and it is never good for fewer than none."""
    token = made(house, uses=3)

    def attempt(number: int) -> bool:
        try:
            register(house, token.text, f"tool {number}")
        except InitialAccessTokenRefused:
            return False
        return True

    with mode(house), ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(attempt, range(20))) == 3
    assert left(house, token) == (0, 3)


def test_what_is_refused_spends_nothing(house: House) -> None:
    """A redirect URI that is not allowed, or a network whose registrations are used up, costs the token no use."""
    token = made(house, uses=2)
    with mode(house):
        with pytest.raises(InvalidRedirectUri):
            register(house, token.text, uri="https://not-allowed.example.com/cb")
        with house.under(registrations=Rate(1, 3600)):
            register(house, token.text, "the first")
            with pytest.raises(TooManyAttempts):
                register(house, token.text, "the second")
    assert left(house, token) == (1, 1)


def test_uses_are_counted_across_restarts(house: House) -> None:
    """Counters survive."""
    token = made(house, uses=1)
    with mode(house):
        register(house, token.text)
        house.restart()
        with pytest.raises(InitialAccessTokenRefused):
            register(house, token.text)


def test_off_is_for_everybody(house: House) -> None:
    """Whatever token they have."""
    token = made(house)
    with mode(house, RegistrationMode.OFF):
        for text in ("", token.text):
            with pytest.raises(RegistrationOff):
                register(house, text)
    assert left(house, token) == (None, 0)


def test_where_it_is_open_no_token_is_looked_at(house: House) -> None:
    """Clients send headers of their own; what nobody asks for decides nothing."""
    token = made(house, uses=1)
    for text in ("", "thi_wrong", token.text):
        register(house, text)
    assert left(house, token) == (1, 0)


@pytest.mark.parametrize("wrong", [{"lifetime": 0}, {"lifetime": 3651 * DAY}, {"uses": 0}, {"uses": 1_000_001}])
def test_bounds(house: House, wrong: dict[str, int]) -> None:
    """Numbers that make no sense are an operator's mistake."""
    with pytest.raises(InvalidArgument):
        made(house, **wrong)
    with pytest.raises(InvalidArgument):
        administration(house).create("x" * 201, lifetime=None, uses=None)


def test_no_such_token(house: House) -> None:
    """Removing what is not there is said."""
    with pytest.raises(NotFound):
        administration(house).remove("no such")
