"""Whoever guesses in a network that many share keeps nobody else in it out."""

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.domain.errors import LoginFailed, PasskeyFailed, SecondFactorFailed, TooManyAttempts
from core.domain.limits.rate import Rate
from core.domain.limits.used_up import UsedUp
from core.domain.sessions.factor_attempts import WRONG_ANSWERS
from core.domain.users.user import User
from tests.authenticator import Authenticator
from tests.domain.house import ISSUER, House
from tests.domain.passkeys import Owner
from tests.domain.road import a_session, refusal
from tests.domain.sessions.form import PASSWORD, log_in

#: The network that everybody is in, and one where nobody is.
SHARED, ELSEWHERE = "198.51.100.7", "203.0.113.7"
ACCOUNT, NETWORK = Rate(3, 900), Rate(5, 900)


@pytest.fixture(autouse=True)
def neighbour(house: House) -> Iterator[None]:
    """Who has used up what the network has, with names that nobody has."""
    with house.under(login_failures=ACCOUNT, login_failures_per_network=NETWORK):
        for _ in range(NETWORK.count):
            _guess(house, secrets.token_hex(8))
        yield
    house.store.write(lambda tx: tx.clear_limit_counts(account=None, network=None))


@pytest.fixture
def owner(house: House, user: User) -> Owner:
    """A user with a passkey, who has been in another network until now."""
    has = Owner(house, user)
    has.make()
    has.network = SHARED
    return has


def _guess(house: House, username: str, network_address: str = SHARED) -> None:
    """Counted as any, and no password is looked at."""
    house.logins.attempts.count(username, network_address)


def _used_up(act: Callable[[], object]) -> str:
    with pytest.raises(TooManyAttempts) as caught:
        act()
    return caught.value.used_up


def test_a_known_network_lets_the_right_password_in(house: House, user: User) -> None:
    """OWASP, Device Cookies: who is trusted is counted apart from who is not. Who has signed in from there spends what
    it has for their account, a stranger what it has for everybody; wrong ones are refused after as many as ever."""
    assert _used_up(lambda: log_in(house, user.username, network_address=SHARED)) == UsedUp.NETWORK
    with house.under(login_failures_per_network=Rate(0, 900)):
        log_in(house, user.username, network_address=SHARED)
    for _ in range(ACCOUNT.count * 2):
        assert log_in(house, user.username, network_address=SHARED)
    for _ in range(ACCOUNT.count):
        _guess(house, user.username)
    assert _used_up(lambda: log_in(house, user.username, network_address=SHARED)) == UsedUp.ACCOUNT_IN_NETWORK


def test_a_right_password_of_a_known_network_gives_the_neighbour_no_try(house: House, user: User) -> None:
    """What was not taken from the network is not given back to it."""
    with house.under(login_failures_per_network=Rate(0, 900)):
        log_in(house, user.username, network_address=SHARED)
    for _ in range(3):
        log_in(house, user.username, network_address=SHARED)
    assert refusal(lambda: _guess(house, secrets.token_hex(8))) is TooManyAttempts


def test_where_accounts_have_no_limit_a_known_network_has_as_many_as_it_has_for_all(house: House, user: User) -> None:
    """Limits.LoginFailures = 0: a neighbour keeps nobody out then either, and no account has tries without end."""
    with house.under(login_failures_per_network=Rate(0, 900)):
        log_in(house, user.username, network_address=SHARED)
    with house.under(login_failures=Rate(0, 900)):
        assert log_in(house, user.username, network_address=SHARED)
        for _ in range(NETWORK.count):
            _guess(house, user.username)
        assert _used_up(lambda: log_in(house, user.username, network_address=SHARED)) == UsedUp.ACCOUNT_IN_NETWORK


def test_guesses_side_by_side_in_a_known_network_count_like_guesses_in_a_row(house: House, user: User) -> None:
    """Limits.LoginFailures, decided in the writing transaction: of sixteen at once as many go on as there are tries."""
    with house.under(login_failures_per_network=Rate(0, 900)):
        log_in(house, user.username, network_address=SHARED)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: refusal(lambda: _guess(house, user.username)), range(16)))
    assert (told.count(None), told.count(TooManyAttempts)) == (ACCOUNT.count, 16 - ACCOUNT.count)


def test_a_passkey_comes_in_from_anywhere(owner: Owner) -> None:
    """WebAuthn Level 3 §7.2: a signature is nobody's guess, so it waits for no guesses at passwords, not even a
    stranger's in a network that is used up; and it makes that network one from which its user comes."""
    for _ in range(WRONG_ANSWERS.count + 1):
        assert owner.sign_in()
    assert owner.second_step(owner.first_step())


def test_a_remembered_browser_comes_in_with_its_second_step(house: House, owner: Owner) -> None:
    """OWASP, Device Cookies: by password, and by the passkey after it, from a network that is new and used up; without
    what the browser keeps the password is refused there."""
    assert _used_up(owner.first_step) == UsedUp.NETWORK
    owner.remembered = house.logins.remember_browser(owner.session)
    assert owner.second_step(owner.first_step())


def test_bad_answers_of_a_passkey_cost_its_account_alone(house: House, owner: Owner) -> None:
    """WebAuthn Level 3 §7.2: what verifying may cost has a bound, ten for an account in a network; a browser in which
    its user has signed in has ten of its own, and another network, too."""
    answers = [refusal(lambda: owner.sign_in(signed=b"")) for _ in range(WRONG_ANSWERS.count)]
    assert answers == [PasskeyFailed] * WRONG_ANSWERS.count
    assert _used_up(owner.sign_in) == UsedUp.PASSKEYS_IN_NETWORK
    owner.network = ELSEWHERE
    assert owner.sign_in()
    owner.network, owner.remembered = SHARED, house.logins.remember_browser(owner.session)
    answers = [refusal(lambda: owner.sign_in(signed=b"")) for _ in range(WRONG_ANSWERS.count)]
    assert answers == [PasskeyFailed] * WRONG_ANSWERS.count
    assert _used_up(owner.sign_in) == UsedUp.PASSKEYS_IN_NETWORK
    house.restart()
    assert _used_up(owner.sign_in) == UsedUp.PASSKEYS_IN_NETWORK
    house.clock.advance(WRONG_ANSWERS.interval_ms // 1000)
    assert owner.sign_in()
    assert [refusal(lambda: owner.sign_in(signed=b"")) for _ in range(WRONG_ANSWERS.count)] == answers


def test_the_second_step_is_counted_apart(house: House, owner: Owner) -> None:
    """Whoever is refused there was preceded by somebody with the password: bad answers without one spend nothing of it,
    nor those of codes."""
    owner.remembered = house.logins.remember_browser(owner.session)
    pending = owner.first_step()
    owner.remembered = ""
    for _ in range(WRONG_ANSWERS.count):
        assert refusal(lambda: owner.sign_in(signed=b"")) is PasskeyFailed
    for _ in range(WRONG_ANSWERS.count):
        assert refusal(lambda: owner.second_step(pending, signed=b"")) is PasskeyFailed
    assert _used_up(lambda: owner.second_step(pending)) == UsedUp.SECOND_STEP
    codes = house.account.second_factor_logins
    for _ in range(WRONG_ANSWERS.count):
        with pytest.raises(SecondFactorFailed):
            codes.prove(pending, "000000", network_address=SHARED, previous_token="")
    with pytest.raises(TooManyAttempts) as caught:
        codes.prove(pending, "000000", network_address=SHARED, previous_token="")
    assert caught.value.used_up == UsedUp.SECOND_STEP


def test_a_passkey_that_nobody_has_here_costs_nothing(house: House, owner: Owner) -> None:
    """There is nothing to verify: it leaves no count and no challenge that was used, however often."""
    stranger, (options, sealed) = Authenticator(ISSUER), owner.asked()
    made = '{"challenge": "", "rp": {"id": "auth.example.com"}, "user": {"id": "AAAA"}, "excludeCredentials": []}'
    stranger.create(made)
    before = house.store.rows("SELECT count(*) FROM rates")
    for _ in range(WRONG_ANSWERS.count * 2):
        assert refusal(lambda: owner.enter(stranger.get(options), sealed)) is PasskeyFailed
    assert house.store.rows("SELECT count(*) FROM rates") == before
    assert owner.enter(owner.authenticator.get(options), sealed)


def test_who_is_signed_in_goes_on_at_their_own_page(house: House, user: User) -> None:
    """README, Whoever tries too often: kept from nothing there by guesses outside, be they at everybody or, in the same
    network, at this very account; the session has tries of its own, also where accounts have no limit."""
    password, token = house.account.password, a_session(house, user)
    found = house.store.find_user(user.subject)
    assert found is not None
    user = found
    with house.under(login_failures_per_network=Rate(0, 900)):
        for _ in range(ACCOUNT.count):
            _guess(house, user.username)
    assert password.verify(user, PASSWORD, token, SHARED)
    with house.under(login_failures=Rate(0, 900)):
        tried = password.verify(user, PASSWORD, token, SHARED)
        house.store.write(lambda tx: password.forgive(tx, tried))
    for _ in range(ACCOUNT.count):
        assert refusal(lambda: password.verify(user, "guess", token, SHARED)) is LoginFailed
    assert _used_up(lambda: password.verify(user, PASSWORD, token, SHARED)) == UsedUp.SESSION


def test_logins_at_another_provider_are_counted_apart(house: House) -> None:
    """OpenID Connect Core §3.1.2.5: whoever guesses at passwords keeps nobody out who comes back from a provider."""
    for _ in range(NETWORK.count):
        house.store.write(lambda tx: house.logins.attempts.count_elsewhere(tx, SHARED))
    with pytest.raises(TooManyAttempts):
        house.store.write(lambda tx: house.logins.attempts.count_elsewhere(tx, SHARED))


def test_all_networks_together_say_so(house: House, user: User) -> None:
    """Limits.LoginFailures, ten times as many in all: which of the three refused is told, for the page's sake."""
    for n in range(ACCOUNT.count * 10):
        _guess(house, user.username, f"203.0.113.{100 + n // 3}")
    assert _used_up(lambda: log_in(house, user.username, network_address=ELSEWHERE)) == UsedUp.ACCOUNT
