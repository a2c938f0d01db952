"""Switching codes by the clock on and off, and recovery codes."""

import pyotp
import pytest

from core.domain.errors import FailedPrecondition, LoginFailed, LoginRequired, SecondFactorFailed, TooManyAttempts
from core.domain.limits.rate import Rate
from core.domain.sessions.login import SecondFactorWanted
from core.domain.users.user import User
from tests.domain.house import House
from tests.domain.road import a_session
from tests.domain.sessions.form import PASSWORD, log_in

_NETWORK = "192.0.2.1"


def _code(house: House, secret: str) -> str:
    return pyotp.TOTP(secret).at(house.clock.now())


def _begin(house: House, session: str) -> str:
    house.account.second_factor.begin(session_token=session)
    return house.account.second_factor.look(session_token=session).waiting_secret


def _confirm(house: House, session: str, code: str, password: str = PASSWORD) -> list[str]:
    return house.account.second_factor.confirm(code, password, session_token=session, network_address=_NETWORK)


def test_it_is_on_with_the_first_code_and_not_before(house: House, user: User) -> None:
    """A secret that nobody has scanned locks nobody out; after the first code no login does without."""
    session = a_session(house, user)
    secret = _begin(house, session)
    waiting = house.account.second_factor.look(session_token=session)
    assert log_in(house, user.username)
    codes = _confirm(house, session, _code(house, secret))
    state = house.account.second_factor.look(session_token=session)

    assert waiting.on_since is None
    assert waiting.waiting_uri.startswith("otpauth://totp/auth.example.com")
    assert secret in waiting.waiting_uri
    assert secret not in repr(waiting)
    assert len(codes) == 10
    assert (state.on_since, state.recovery_codes_left) == (house.clock.now(), 10)
    # Never told again.
    assert (state.waiting_secret, state.waiting_uri) == ("", "")
    with pytest.raises(SecondFactorWanted):
        log_in(house, user.username)


def test_what_does_not_switch_it_on(house: House, user: User) -> None:
    """A wrong code, a wrong password, a code of a secret that another one has replaced, no secret at all."""
    session = a_session(house, user)
    with pytest.raises(SecondFactorFailed):
        _confirm(house, session, "000000")
    replaced = _begin(house, session)
    secret = _begin(house, session)
    assert replaced != secret
    with pytest.raises(SecondFactorFailed):
        _confirm(house, session, _code(house, replaced))
    with pytest.raises(LoginFailed):
        _confirm(house, session, _code(house, secret), "wrong")
    assert log_in(house, user.username)


def test_it_is_switched_on_once(house: House, user: User) -> None:
    """While it is on, nobody at an open browser puts a telephone of their own in its place."""
    session = a_session(house, user)
    _confirm(house, session, _code(house, _begin(house, session)))
    with pytest.raises(FailedPrecondition):
        house.account.second_factor.begin(session_token=session)
    house.clock.advance(30)
    with pytest.raises(SecondFactorFailed):
        _confirm(house, session, "000000")


def test_switching_off_wants_the_password(house: House, user: User) -> None:
    """And then a password alone is enough; recovery codes are gone with it, and so is every other session."""
    session, other = a_session(house, user), a_session(house, user)
    _confirm(house, session, _code(house, _begin(house, session)))
    off = house.account.second_factor.switch_off
    with pytest.raises(LoginFailed):
        off("wrong", session_token=session, network_address=_NETWORK)
    with pytest.raises(SecondFactorWanted):
        log_in(house, user.username)
    assert house.logins.find_user(other) == user
    off(PASSWORD, session_token=session, network_address=_NETWORK)

    assert (house.logins.find_user(session), house.logins.find_user(other)) == (user, None)
    assert log_in(house, user.username)
    assert house.store.count_recovery_codes(user.subject) == 0


def test_new_recovery_codes_replace_the_old(house: House, user: User) -> None:
    """They want the password, and a second factor that is on."""
    session = a_session(house, user)
    renew = house.account.second_factor.renew_recovery_codes
    with pytest.raises(FailedPrecondition):
        renew(PASSWORD, session_token=session, network_address=_NETWORK)
    first = _confirm(house, session, _code(house, _begin(house, session)))
    with pytest.raises(LoginFailed):
        renew("wrong", session_token=session, network_address=_NETWORK)
    second = renew(PASSWORD, session_token=session, network_address=_NETWORK)

    assert set(first).isdisjoint(second)
    assert house.store.count_recovery_codes(user.subject) == 10


def test_guessing_the_password_here_is_guessing_at_the_login(house: House, user: User) -> None:
    """Limits.LoginFailures, as for a new password."""
    session = a_session(house, user)
    with house.under(login_failures=Rate(2, 900)):
        for _ in range(2):
            with pytest.raises(LoginFailed):
                house.account.second_factor.switch_off("wrong", session_token=session, network_address=_NETWORK)
        with pytest.raises(TooManyAttempts):
            house.account.second_factor.switch_off(PASSWORD, session_token=session, network_address=_NETWORK)


def test_without_a_session_nothing_is_told_or_done(house: House, user: User) -> None:
    """Neither the state nor an act."""
    factor = house.account.second_factor
    for token in ("", "unknown"):
        for ask in (
            lambda token=token: factor.look(session_token=token),
            lambda token=token: factor.begin(session_token=token),
            lambda token=token: _confirm(house, token, "000000"),
            lambda token=token: factor.renew_recovery_codes(PASSWORD, session_token=token, network_address=_NETWORK),
            lambda token=token: factor.switch_off(PASSWORD, session_token=token, network_address=_NETWORK),
        ):
            with pytest.raises(LoginRequired):
                ask()
