"""The second step of a login."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pyotp
import pytest

from core.domain.errors import (
    InvalidRequest,
    LocalUsersOff,
    LoginFailed,
    Refusal,
    SecondFactorFailed,
    TooManyAttempts,
)
from core.domain.policy import UpstreamPolicy
from core.domain.sessions.login import SecondFactorWanted
from core.domain.users.user import User
from tests.domain.house import House
from tests.domain.road import BINDING, a_session, refusal
from tests.domain.sessions.form import PASSWORD, log_in


class Telephone:
    """Makes codes, and knows the recovery codes."""

    def __init__(self, house: House, user: User) -> None:
        self.house, session = house, a_session(house, user)
        house.account.second_factor.begin(session_token=session)
        self.secret = house.account.second_factor.look(session_token=session).waiting_secret
        self.recovery_codes = house.account.second_factor.confirm(
            self.code(), PASSWORD, session_token=session, network_address="192.0.2.1"
        )
        # The step of the first code is used up.
        house.clock.advance(30)

    def code(self, steps: int = 0) -> str:
        """The code of now, or of another step."""
        return pyotp.TOTP(self.secret).at(self.house.clock.now(), counter_offset=steps)


@pytest.fixture
def telephone(house: House, user: User) -> Telephone:
    """The user's, switched on."""
    return Telephone(house, user)


def _first_step(house: House, user: User, password: str = PASSWORD) -> str:
    with pytest.raises(SecondFactorWanted) as caught:
        log_in(house, user.username, password)
    return house.account.second_factor_logins.seal(caught.value.user, "the page", BINDING)


def _second_step(
    house: House,
    sealed: str,
    code: str,
    *,
    binding: bytes = BINDING,
    previous_token: str = "",
    remembered: str = "",
    network_address: str = "192.0.2.1",
) -> str:
    logins = house.account.second_factor_logins
    pending = logins.require_open(sealed, binding)
    assert pending.page == "the page"
    token, _ = logins.prove(
        pending, code, network_address=network_address, previous_token=previous_token, remembered=remembered
    )
    return token


def _refusal(house: House, sealed: str, code: str) -> type[Refusal] | None:
    return refusal(lambda: _second_step(house, sealed, code))


def test_a_password_alone_signs_nobody_in(house: House, user: User, telephone: Telephone) -> None:
    """The first step begins no session and ends none; the code begins one, and ends the one before."""
    before = a_session(house, user)
    sealed = _first_step(house, user)
    assert house.logins.find_user(before) is not None
    token = _second_step(house, sealed, telephone.code(), previous_token=before)

    found = house.logins.find_user(token)
    assert found is not None
    assert found.subject == user.subject
    assert house.logins.find_user(before) is None


def test_a_wrong_password_says_nothing_of_a_second_factor(house: House, user: User, telephone: Telephone) -> None:
    """Whether an account has one is told to who knows its password."""
    with pytest.raises(LoginFailed):
        log_in(house, user.username, "wrong")
    house.users.disable(user.username)
    with pytest.raises(LoginFailed):
        log_in(house, user.username)


def test_where_users_sign_in_nowhere_but_at_providers_no_code_is_good(
    house: House, user: User, telephone: Telephone
) -> None:
    """Switched off between both steps: the second is refused as the first would be; on again, the code is good."""
    sealed, policy = _first_step(house, user), house.policy.current
    house.policy.current = replace(policy, upstream=UpstreamPolicy(local_users=False))
    try:
        assert _refusal(house, sealed, telephone.code()) is LocalUsersOff
        assert _refusal(house, sealed, telephone.recovery_codes[0]) is LocalUsersOff
    finally:
        house.policy.current = policy
    assert _refusal(house, sealed, telephone.code()) is None


def test_a_code_is_good_once(house: House, user: User, telephone: Telephone) -> None:
    """RFC 6238 §5.2: not a second time, and none of a step before one that was used."""
    sealed, used = _first_step(house, user), telephone.code()
    assert _refusal(house, sealed, used) is None
    assert _refusal(house, sealed, used) is SecondFactorFailed
    assert _refusal(house, sealed, telephone.code(-1)) is SecondFactorFailed
    assert _refusal(house, sealed, telephone.code(1)) is None


def test_of_many_with_one_code_one_gets_in(house: House, user: User, telephone: Telephone) -> None:
    """The step is used up in the transaction that begins the session."""
    sealed, code = _first_step(house, user), telephone.code()
    with ThreadPoolExecutor(8) as pool:
        refusals = list(pool.map(lambda _: _refusal(house, sealed, code), range(8)))

    assert refusals.count(None) == 1
    assert refusals.count(SecondFactorFailed) == 7


def test_a_code_that_confirmed_is_used_up(house: House, user: User) -> None:
    """Whoever looked over a shoulder while it was switched on has a code that is no good."""
    telephone = Telephone(house, user)
    assert _refusal(house, _first_step(house, user), telephone.code(-1)) is SecondFactorFailed


def test_a_recovery_code_is_good_once(house: House, user: User, telephone: Telephone) -> None:
    """In place of a code; the others stay good."""
    sealed, (first, second, *_) = _first_step(house, user), telephone.recovery_codes
    assert _refusal(house, sealed, first.lower()) is None
    assert _refusal(house, sealed, first) is SecondFactorFailed
    assert _refusal(house, sealed, second) is None
    assert house.account.second_factor.look(session_token=a_session(house, user)).recovery_codes_left == 8


def test_guessing_is_limited_for_the_account(house: House, user: User, telephone: Telephone) -> None:
    """RFC 4226 §7.3: ten wrong codes, then one more each 90 s, from whatever browser; right codes cost nothing, and who
    guesses leaves the owner the recovery codes."""
    sealed = _first_step(house, user)
    for _ in range(12):
        assert _refusal(house, sealed, telephone.code()) is None
        house.clock.advance(30)
        sealed = _first_step(house, user)
    for _ in range(10):
        assert _refusal(house, _first_step(house, user), "000000") is SecondFactorFailed
    with pytest.raises(TooManyAttempts) as caught:
        _second_step(house, sealed, telephone.code())

    assert caught.value.retry_after == 90
    assert _refusal(house, sealed, telephone.recovery_codes[0]) is None
    house.clock.advance(90)
    assert _refusal(house, sealed, telephone.code()) is None


def test_guessing_elsewhere_keeps_nobody_out_of_a_browser_of_theirs(
    house: House, user: User, telephone: Telephone
) -> None:
    """OWASP, Device Cookies: whoever has the password uses up the tries that are everybody's, of both kinds of codes: a
    browser in which the user has signed in has ten of its own, in a network that is new, too, and skips no step."""
    remembered = house.logins.remember_browser(a_session(house, user))
    wrong = "-".join(["AAAA"] * 4)
    for code in ["000000"] * 10 + [wrong] * 10:
        assert _refusal(house, _first_step(house, user), code) is SecondFactorFailed
    sealed = _first_step(house, user)
    for n, code in enumerate((telephone.code(), telephone.recovery_codes[0])):
        assert _refusal(house, sealed, code) is TooManyAttempts
        there = f"203.0.113.{n}"
        known = partial(_second_step, house, sealed, code, remembered=remembered, network_address=there)
        assert refusal(known) is None
    for _ in range(10):
        assert refusal(lambda: _second_step(house, sealed, "000000", remembered=remembered)) is SecondFactorFailed
    assert refusal(lambda: _second_step(house, sealed, "000000", remembered=remembered)) is TooManyAttempts


def test_guessing_elsewhere_keeps_nobody_out_of_a_network_of_theirs(
    house: House, user: User, telephone: Telephone
) -> None:
    """OWASP, Device Cookies: a network from which the user has been through the second step within a month has ten
    tries of its own for the account, in any browser. The password alone makes no network such a one: whoever has that
    has ten in all, from wherever."""
    home = "203.0.113.20"
    sealed = _first_step(house, user)
    assert _second_step(house, sealed, telephone.code(), network_address=home)
    house.clock.advance(30)
    for _ in range(10):
        assert _refusal(house, _first_step(house, user), "000000") is SecondFactorFailed
    for n in range(3):
        there = partial(_second_step, house, sealed, telephone.code(), network_address=f"203.0.113.{30 + n}")
        assert refusal(there) is TooManyAttempts
    assert _refusal(house, sealed, telephone.code()) is TooManyAttempts
    assert _second_step(house, sealed, telephone.code(), network_address=home)
    guess = partial(_second_step, house, sealed, "000000", network_address=home)
    assert [refusal(guess) for _ in range(11)] == [SecondFactorFailed] * 10 + [TooManyAttempts]


@pytest.mark.parametrize("forget", ["a month", "sign out"])
def test_a_network_is_known_to_the_second_step_for_a_while(
    house: House, user: User, telephone: Telephone, forget: str
) -> None:
    """A month after its user has been through it there; and until their browsers are forgotten, for whoever had their
    second factor may have been through it, too."""
    assert _second_step(house, _first_step(house, user), telephone.code())
    if forget == "a month":
        house.clock.advance(30 * 24 * 3600)
    else:
        house.clock.advance(30)
        house.users.sign_out(user.username)
    sealed = _first_step(house, user)
    guess = partial(_second_step, house, sealed, "000000", network_address="203.0.113.40")
    assert [refusal(guess) for _ in range(10)] == [SecondFactorFailed] * 10
    assert _refusal(house, sealed, telephone.code()) is TooManyAttempts


def test_the_first_step_is_of_one_browser_and_ten_minutes(house: House, user: User, telephone: Telephone) -> None:
    """Login CSRF, and a page that was left open; and nothing that was changed opens."""
    sealed = _first_step(house, user)
    changed = bytearray(urlsafe_b64decode(sealed))
    changed[-1] ^= 1
    for other in ("", "x", "é", urlsafe_b64encode(changed).decode(), house.seal.seal([], BINDING)):
        assert _refusal(house, other, telephone.code()) is InvalidRequest
    with pytest.raises(InvalidRequest):
        _second_step(house, sealed, telephone.code(), binding=b"another".ljust(32, b"."))
    house.clock.advance(599)
    house.account.second_factor_logins.require_open(sealed, BINDING)
    house.clock.advance(1)
    assert _refusal(house, sealed, telephone.code()) is InvalidRequest


@pytest.mark.parametrize("act", ["password", "disable", "delete"])
def test_a_first_step_ends_with_its_password_and_its_user(
    house: House, user: User, telephone: Telephone, act: str
) -> None:
    """What was right a minute ago opens nothing."""
    sealed = _first_step(house, user)
    match act:
        case "password":
            house.users.set_password(user.username, "another battery", keep_grants=True)
        case "disable":
            house.users.disable(user.username)
        case "delete":
            house.users.delete(user.username)
    assert _refusal(house, sealed, telephone.code()) is InvalidRequest


def test_an_operator_lets_a_password_be_enough(house: House, user: User, telephone: Telephone) -> None:
    """For who has lost telephone and recovery codes; codes of before are good for nothing."""
    sealed = _first_step(house, user)
    assert house.users.reset_second_factor(user.username)
    assert not house.users.reset_second_factor(user.username)
    assert log_in(house, user.username)
    assert _refusal(house, sealed, telephone.code()) is SecondFactorFailed
    assert _refusal(house, sealed, telephone.recovery_codes[0]) is SecondFactorFailed


def test_a_deleted_users_factors_are_gone(house: House, user: User, telephone: Telephone) -> None:
    """Nothing of them stays behind."""
    house.users.delete(user.username)
    assert house.store.find_totp(user.subject) is None
    assert house.store.count_recovery_codes(user.subject) == 0


def test_a_new_master_key_seals_the_secrets_again(house: House, user: User, telephone: Telephone) -> None:
    """As it wraps the signing keys: the old one can be taken away."""
    before = house.store.find_totp(user.subject)
    number = house.master_keys.current_id + 1
    house.master_keys.add(number, house.randomness.token_bytes(32))
    house.account.secrets.reseal_all(house.store)
    after = house.store.find_totp(user.subject)

    assert before is not None
    assert after is not None
    assert (before.sealed_secret[0], after.sealed_secret[0]) == (number - 1, number)
    assert house.store.list_totps_sealed_otherwise(number, limit=1) == []
    assert _refusal(house, _first_step(house, user), telephone.code()) is None
