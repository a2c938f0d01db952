"""Whoever guesses at an account from everywhere keeps its user out of no browser in which they signed in before."""

import secrets
from collections.abc import Callable

import pytest

from core.domain.account.own_password import OwnPassword
from core.domain.administration.limits import LimitAdministration, WantedLimits
from core.domain.errors import LoginFailed, TooManyAttempts
from core.domain.limits.rate import Rate
from core.domain.sessions.remembered_browser import REMEMBERED_FOR
from core.domain.users.user import User
from tests.domain.house import House
from tests.domain.road import a_session, a_user
from tests.domain.sessions.form import PASSWORD

ACCOUNT = Rate(3, 900)
DAY = 24 * 60 * 60
_OTHER = "another battery staple"


class Browser:
    """One that brings back what it was given, from whatever network."""

    def __init__(self, house: House, username: str, remembered: str = "") -> None:
        self.house, self.username, self.remembered = house, username, remembered

    def sign_in(self, network_address: str, password: str = PASSWORD) -> str:
        """The session's token; the browser keeps what it is given with it."""
        token, session = self.house.logins.log_in(
            self.username,
            password,
            network_address=network_address,
            previous_token="",
            remembered=self.remembered,
        )
        self.remembered = self.house.logins.browsers.remember(session)
        return token

    def fail(self, network_address: str) -> None:
        """With a wrong password."""
        with pytest.raises(LoginFailed):
            self.sign_in(network_address, "wrong password")

    def is_refused(self, network_address: str) -> bool:
        """Whether the right password does not help."""
        try:
            self.sign_in(network_address)
        except TooManyAttempts:
            return True
        return False


@pytest.fixture
def browser(house: House, user: User) -> Browser:
    """In which the user has signed in."""
    browser = Browser(house, user.username)
    browser.sign_in("192.0.2.1")
    return browser


def _besiege(house: House, user: User, password: str = PASSWORD) -> None:
    """Use up all that is everybody's, from eleven networks."""
    for n in range(33):
        with pytest.raises((LoginFailed, TooManyAttempts)):
            Browser(house, user.username).sign_in(f"198.51.100.{n // 3}", "wrong password")
    with pytest.raises(TooManyAttempts):
        Browser(house, user.username).sign_in("203.0.113.1", password)


def test_a_remembered_browser_comes_in_from_a_new_network_during_an_attack(
    house: House, user: User, browser: Browser
) -> None:
    """OWASP, Device Cookies: its tries are counted apart, across a restart, and any number of times."""
    with house.under(login_failures=ACCOUNT):
        _besiege(house, user)
        house.restart()
        for n in range(5):
            assert browser.sign_in(f"203.0.113.{100 + n}")


def test_it_comes_in_from_a_network_whose_tries_are_used_up(house: House, user: User, browser: Browser) -> None:
    """Limits.LoginFailuresPerNetwork slows down who tries many accounts; this browser is good for one."""
    with house.under(login_failures=ACCOUNT, login_failures_per_network=Rate(2, 900)):
        for _ in range(2):
            Browser(house, secrets.token_hex(8)).fail("198.51.100.77")
        assert Browser(house, user.username).is_refused("198.51.100.77")
        assert browser.sign_in("198.51.100.77")


def test_whoever_has_copied_it_has_its_few_tries(house: House, user: User, browser: Browser) -> None:
    """Limits.LoginFailures for the copy, from wherever; then it is a stranger, for a while and across a restart, and
    the tries of another browser of the same user are untouched."""
    another = Browser(house, user.username)
    another.sign_in("192.0.2.1")
    thief = Browser(house, user.username, browser.remembered)
    with house.under(login_failures=ACCOUNT):
        _besiege(house, user)
        for n in range(3):
            thief.fail(f"203.0.113.{10 + n}")
        assert thief.is_refused("203.0.113.20")
        house.restart()
        assert thief.is_refused("203.0.113.21")
        assert another.sign_in("203.0.113.22")
        house.clock.advance(300)
        thief.fail("203.0.113.23")


def test_a_browser_that_has_used_up_its_tries_is_a_stranger(house: House, user: User, browser: Browser) -> None:
    """With the tries that everybody has, while there are any; a right password gives it its own back."""
    with house.under(login_failures=ACCOUNT):
        for _ in range(5):
            browser.fail("203.0.113.30")
        copy = Browser(house, user.username, browser.remembered)
        assert browser.sign_in("203.0.113.30")
        _besiege(house, user)
        for _ in range(3):
            copy.fail("203.0.113.31")
        assert copy.is_refused("203.0.113.32")


def test_tries_in_it_cost_nobody_else_any(house: House, user: User, browser: Browser) -> None:
    """Neither its network nor the account."""
    with house.under(login_failures=Rate(1, 900), login_failures_per_network=Rate(1, 900)):
        browser.fail("203.0.113.40")
        Browser(house, user.username).fail("203.0.113.40")


def test_without_a_limit_for_accounts_it_has_as_many_as_a_network(house: House, user: User, browser: Browser) -> None:
    """Limits.LoginFailures = 0: it comes in from a network whose tries are used up, and brings nobody tries without
    end."""
    with house.under(login_failures_per_network=Rate(2, 900)):
        for n in range(4):
            Browser(house, secrets.token_hex(8)).fail(f"203.0.113.{50 + n // 2}")
        copy = Browser(house, user.username, browser.remembered)
        assert browser.sign_in("203.0.113.50")
        for _ in range(2):
            copy.fail("203.0.113.51")
        assert copy.is_refused("203.0.113.51")


def test_it_is_nothing_for_another_account(house: House, user: User, browser: Browser, password_hash: str) -> None:
    """Whoever has an account of their own gets no tries at somebody else's by it, nor at a name that nobody has."""
    other = a_user(house)
    house.store.write(lambda tx: tx.set_password_hash(other.subject, password_hash))
    with house.under(login_failures=ACCOUNT):
        _besiege(house, other)
        assert Browser(house, other.username, browser.remembered).is_refused("203.0.113.60")
        nobody = Browser(house, secrets.token_hex(8), browser.remembered)
        for _ in range(3):
            nobody.fail("203.0.113.61")
        assert nobody.is_refused("203.0.113.61")


@pytest.mark.parametrize(
    "change",
    [
        lambda sealed: sealed[:-6] + ("AAAA" if sealed[-6:-2] != "AAAA" else "BBBB") + sealed[-2:],
        lambda sealed: sealed[:40],
        lambda _: "A" * 120,
        lambda _: "ä",
    ],
)
def test_a_forged_one_is_nothing(house: House, user: User, browser: Browser, change: Callable[[str], str]) -> None:
    """Changed, cut, made up, or no such thing at all."""
    with house.under(login_failures=ACCOUNT):
        _besiege(house, user)
        assert Browser(house, user.username, change(browser.remembered)).is_refused("203.0.113.70")


def test_it_is_good_for_a_year(house: House, user: User, browser: Browser) -> None:
    """From the last login in it."""
    with house.under(login_failures=ACCOUNT):
        house.clock.advance(REMEMBERED_FOR - DAY)
        old = Browser(house, user.username, browser.remembered)
        _besiege(house, user)
        browser.sign_in("203.0.113.80")
        house.clock.advance(DAY)
        _besiege(house, user)
        assert old.is_refused("203.0.113.81")
        assert browser.sign_in("203.0.113.82")


@pytest.mark.parametrize(
    "act",
    [
        lambda house, name: house.users.sign_out(name),
        lambda house, name: house.users.reset_second_factor(name),
        lambda house, name: house.users.remove_passkeys(name),
        lambda house, name: (house.users.disable(name), house.users.enable(name)),
        lambda house, name: house.users.set_password(name, PASSWORD, keep_grants=True),
        lambda house, name: house.account.sessions.end_all(session_token=a_session(house, house.users.get(name))),
        lambda house, name: house.store.write(lambda tx: tx.forget_all_browsers(now=house.clock.now())),
    ],
    ids=["sign out", "reset second factor", "remove passkeys", "block", "set password", "sign out oneself", "restore"],
)
def test_what_ends_a_users_sessions_forgets_their_browsers(
    house: House, user: User, browser: Browser, act: Callable[[House, str], object]
) -> None:
    """Also once the same password is right again; and a login after it is remembered as ever."""
    old = Browser(house, user.username, browser.remembered)
    act(house, user.username)
    browser.sign_in("192.0.2.1")
    with house.under(login_failures=ACCOUNT):
        _besiege(house, user)
        assert old.is_refused("203.0.113.90")
        assert browser.sign_in("203.0.113.91")


def test_a_restored_copy_remembers_nothing_of_later(house: House, user: User) -> None:
    """What was forgotten after the copy was made is not remembered again by it, however often that was."""
    browser = Browser(house, user.username)
    seen = []
    for _ in range(3):
        house.users.sign_out(user.username)
        browser.sign_in("192.0.2.1")
        seen.append(browser.remembered)
    house.clock.advance(60)
    # As the copy from before all of it has the row, which a restore then forgets.
    house.store.write(lambda tx: tx.forget_all_browsers(now=house.clock.now()))
    for _ in range(3):
        house.users.sign_out(user.username)
        found = house.store.find_user(user.subject)
        assert [house.logins.browsers.find_id(each, found) for each in seen] == [b"", b"", b""]


def test_a_new_password_forgets_every_browser_but_this(house: House, user: User, browser: Browser) -> None:
    """Whoever had the old password, and was signed in with it, is a stranger; who has changed it is not."""
    this = browser.sign_in("192.0.2.1")
    old = browser.remembered
    house.account.password.change(
        PASSWORD, _OTHER, session_token=this, network_address="192.0.2.1", disconnect_apps=False
    )
    remembered = house.account.page.remember_browser(this)
    with house.under(login_failures=ACCOUNT):
        _besiege(house, user, _OTHER)
        with pytest.raises(TooManyAttempts):
            Browser(house, user.username, old).sign_in("203.0.113.95", _OTHER)
        assert Browser(house, user.username, remembered).sign_in("203.0.113.96", _OTHER)


def test_a_session_that_has_ended_remembers_nothing(house: House, user: User) -> None:
    """Whoever was thrown out while they signed in keeps nothing that is good afterwards."""
    token, session = house.logins.log_in(
        user.username, PASSWORD, network_address="192.0.2.1", previous_token="", remembered=""
    )
    house.users.set_password(user.username, PASSWORD, keep_grants=True)
    assert house.logins.browsers.remember(session) == ""
    assert house.logins.remember_browser(token) == ""


def test_it_says_nothing_to_who_reads_it(house: House, user: User, browser: Browser) -> None:
    """Not whose it is, nor how often it was given out: each is new, and all are equally long."""
    first = browser.remembered
    browser.sign_in("192.0.2.1")
    other = a_user(house)
    a_session(house, other)
    assert browser.remembered != first
    assert len(browser.remembered) == len(first)
    assert user.subject not in first
    assert user.username not in first


def test_who_is_signed_in_is_kept_out_of_their_own_page_by_nobody(house: House, user: User, browser: Browser) -> None:
    """A password that is asked for there is counted for this network and this session, and not for everybody."""
    token = browser.sign_in("192.0.2.1")
    password: OwnPassword = house.account.password
    with house.under(login_failures=ACCOUNT):
        _besiege(house, user)
        password.verify(user_now(house, user), PASSWORD, token, "203.0.113.97")
        for n in range(2):
            with pytest.raises(LoginFailed):
                password.verify(user_now(house, user), "wrong", token, f"203.0.113.{200 + n}")
        with pytest.raises(TooManyAttempts):
            password.verify(user_now(house, user), PASSWORD, token, "203.0.113.210")


def user_now(house: House, user: User) -> User:
    """As the store has them."""
    found = house.store.find_user(user.subject)
    assert found is not None
    return found


def test_operators_see_its_tries_and_give_them_back(house: House, user: User, browser: Browser) -> None:
    """As "login browser", by whose they are; with the account's all others."""
    limits = LimitAdministration(house.store, house.policy, house.clock)
    wanted = WantedLimits(username=user.username)
    with house.under(login_failures=ACCOUNT):
        for _ in range(3):
            browser.fail("203.0.113.98")
        found, _, _ = limits.list(wanted, used_up=True, limit=100, after="")
        assert [(each.bucket.kind, each.account, each.count, each.left, each.setting) for each in found] == [
            ("login browser", user.username, 3, 0, "Limits.LoginFailures")
        ]
        assert limits.clear_matching(wanted, everything=False) == 1
        browser.fail("203.0.113.98")
