"""Guessing gets slow: per account and per network, for a while, and never for good."""

import secrets
from contextlib import ExitStack

import pytest

from core.domain.errors import LoginFailed, TemporarilyUnavailable, TooManyAttempts
from core.domain.limits.rate import Rate
from core.domain.users.user import User
from tests.domain.house import House
from tests.domain.sessions.form import log_in

ACCOUNT = Rate(10, 900)


def _fail(house: House, username: str, network_address: str = "192.0.2.1") -> None:
    with pytest.raises(LoginFailed):
        log_in(house, username, "wrong password", network_address=network_address)


def test_guessing_at_one_account_gets_slow_and_never_locks_for_good(house: House, user: User) -> None:
    """Limits.LoginFailures = 10/15m: ten tries at once, then one every 90 seconds, for the right password too."""
    with house.under(login_failures=ACCOUNT):
        for _ in range(10):
            _fail(house, user.username)
        with pytest.raises(TooManyAttempts) as caught:
            log_in(house, user.username.upper())
        assert caught.value.retry_after == 90
        house.clock.advance(89)
        with pytest.raises(TooManyAttempts) as caught:
            log_in(house, user.username)
        assert caught.value.retry_after == 1
        house.clock.advance(1)
        _fail(house, user.username)
        with pytest.raises(TooManyAttempts):
            log_in(house, user.username)
        house.clock.advance(90)
        assert log_in(house, user.username)


def test_guessing_from_one_network_locks_nobody_out_elsewhere(house: House, user: User) -> None:
    """Who knows the password signs in from where nobody is guessing, however long somebody guesses."""
    with house.under(login_failures=ACCOUNT):
        for _ in range(10):
            _fail(house, user.username, "198.51.100.1")
        for _ in range(17):
            house.clock.advance(5)
            with pytest.raises(TooManyAttempts):
                log_in(house, user.username, "guess", network_address="198.51.100.1")
        assert log_in(house, user.username, network_address="203.0.113.9")


def test_guessing_from_many_networks_gets_slow_too(house: House, user: User) -> None:
    """All networks together have ten times the tries of one."""
    with house.under(login_failures=ACCOUNT):
        for n in range(100):
            _fail(house, user.username, f"198.51.100.{n // 10}")
        with pytest.raises(TooManyAttempts) as caught:
            log_in(house, user.username, network_address="203.0.113.9")
        assert caught.value.retry_after == 9


def test_guessing_from_everywhere_keeps_nobody_out_for_good(house: House, user: User) -> None:
    """However long somebody guesses from however many networks: the user comes in from where they have been before,
    with the tries of their own network alone; and that is known across restarts, and for a month."""
    home, elsewhere = "203.0.113.9", "203.0.113.10"
    with house.under(login_failures=ACCOUNT):
        log_in(house, user.username, network_address=home)
        house.restart()
        for n in range(100):
            _fail(house, user.username, f"198.51.100.{n // 10}")
        with pytest.raises(TooManyAttempts):
            log_in(house, user.username, network_address=elsewhere)
        for _ in range(9):
            _fail(house, user.username, home)
        assert log_in(house, user.username, network_address=home)
        with pytest.raises(TooManyAttempts):
            log_in(house, user.username, network_address=elsewhere)
        for _ in range(10):
            _fail(house, user.username, home)
        with pytest.raises(TooManyAttempts):
            log_in(house, user.username, network_address=home)
        house.clock.advance(31 * 24 * 3600)
        for n in range(100):
            _fail(house, user.username, f"198.51.100.{n // 10}")
        with pytest.raises(TooManyAttempts):
            log_in(house, user.username, network_address=home)


def test_counts_survive_a_restart(house: House, user: User) -> None:
    """A server that is restarted brings nobody new tries: of an account, nor of a network."""
    with house.under(login_failures=Rate(3, 900), login_failures_per_network=Rate(5, 900)):
        for _ in range(3):
            _fail(house, user.username, "192.0.2.31")
        house.restart()
        with pytest.raises(TooManyAttempts):
            log_in(house, user.username, network_address="192.0.2.31")
        _fail(house, secrets.token_hex(8), "192.0.2.31")
        house.restart()
        with pytest.raises(TooManyAttempts):
            log_in(house, secrets.token_hex(8), "guess", network_address="192.0.2.31")


def test_a_refused_try_counts_against_its_network(house: House) -> None:
    """Hammering at an account that refuses already brings the network nearer to its own limit."""
    name = secrets.token_hex(8)
    with house.under(login_failures=Rate(1, 900), login_failures_per_network=Rate(3, 900)):
        _fail(house, name, "192.0.2.77")
        for _ in range(2):
            with pytest.raises(TooManyAttempts):
                log_in(house, name, "guess", network_address="192.0.2.77")
        with pytest.raises(TooManyAttempts):
            log_in(house, secrets.token_hex(8), "guess", network_address="192.0.2.77")


def test_an_unknown_name_gets_slow_like_a_known_one(house: House) -> None:
    """The slow-down is no user-name oracle either."""
    name = secrets.token_hex(8)
    with house.under(login_failures=ACCOUNT):
        for _ in range(10):
            _fail(house, name)
        with pytest.raises(TooManyAttempts):
            log_in(house, name)


def test_a_success_clears_the_account(house: House, user: User) -> None:
    """Nine typing errors, then the right password, then nine more are nobody's attack."""
    with house.under(login_failures=ACCOUNT):
        for _ in range(2):
            for _ in range(9):
                _fail(house, user.username)
            log_in(house, user.username)


@pytest.mark.parametrize("spelling", ["{}", "::ffff:{}"])
def test_guessing_over_many_accounts_gets_slow_per_network(house: House, user: User, spelling: str) -> None:
    """Limits.LoginFailuresPerNetwork: one guess for each of many names counts for the network they come from."""
    network = f"198.51.100.{100 + len(spelling)}"
    with house.under(login_failures=ACCOUNT, login_failures_per_network=Rate(5, 900)):
        for n in range(5):
            _fail(house, f"nobody {n}", network)
        with pytest.raises(TooManyAttempts):
            log_in(house, user.username, network_address=spelling.format(network))
        assert log_in(house, user.username, network_address="203.0.113.77")


def test_successes_do_not_use_up_a_network(house: House, user: User) -> None:
    """An office behind one address logs in all day long."""
    with house.under(login_failures=ACCOUNT, login_failures_per_network=Rate(3, 900)):
        for _ in range(6):
            log_in(house, user.username, network_address="203.0.113.88")


def test_rates_of_zero_are_off(house: House, user: User) -> None:
    """0 is off: the house's own rates; twelve failures, and the password still works."""
    for _ in range(12):
        _fail(house, user.username)
    log_in(house, user.username)


def test_a_login_that_was_never_looked_at_is_no_failure(house: House, user: User) -> None:
    """Who is told that too many log in at this moment keeps every try."""
    with house.under(login_failures=ACCOUNT):
        with ExitStack() as stack:
            while house.passwords._admitted.acquire(blocking=False):
                stack.callback(house.passwords._admitted.release)
            for _ in range(20):
                with pytest.raises(TemporarilyUnavailable):
                    log_in(house, user.username)
        for _ in range(9):
            _fail(house, user.username)
        assert log_in(house, user.username)
