"""Logging in: what is refused tells nobody why, a login makes a new session, and it ends when it should."""

from collections.abc import Callable
from typing import Literal

import pytest
from argon2 import PasswordHasher

from core.domain.errors import InvalidArgument, LoginFailed, Refusal
from core.domain.sessions.login import Logins
from core.domain.users.password import Passwords
from core.domain.users.user import User
from tests.domain.house import House
from tests.domain.road import a_session, a_user, connect
from tests.domain.sessions.form import PASSWORD, log_in


def _refusal(house: House, username: str, password: str) -> tuple[type[Refusal], str]:
    with pytest.raises(Refusal) as caught:
        log_in(house, username, password)
    return type(caught.value), caught.value.description


def test_a_login_signs_in_the_user_for_the_session_lifetime(house: House, user: User) -> None:
    """SessionLifetime: until the last second and no longer."""
    token = log_in(house, user.username)
    found = house.logins.find_user(token)
    assert found is not None
    assert found.subject == user.subject
    assert found.last_login_at == house.clock.now()
    house.clock.advance(12 * 3600 - 1)
    assert house.logins.find_user(token) is not None
    house.clock.advance(1)
    assert house.logins.find_user(token) is None


def test_wrong_name_wrong_password_and_disabled_account_are_one_refusal(house: House, user: User) -> None:
    """No user-name oracle: the same class and the same words, whichever part is wrong."""
    disabled = a_user(house)
    house.store.write(lambda tx: tx.set_password_hash(disabled.subject, user.password_hash))
    house.users.disable(disabled.username)
    deleted = a_user(house)
    house.users.delete(deleted.username)
    cases = [
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("x" * 10_000, PASSWORD),
        (deleted.username, PASSWORD),
        (user.username, "wrong password"),
        (user.username, ""),
        (user.username, PASSWORD + " "),
        (user.username, PASSWORD.upper()),
        (user.username, "x" * 60_000),
        (disabled.username, PASSWORD),
        (disabled.username, "wrong password"),
    ]
    assert {_refusal(house, *case) for case in cases} == {(LoginFailed, "user name or password is wrong")}


class CountingHasher(PasswordHasher):
    """The real Argon2id, which also notes which hashes it has compared with."""

    compared: list[str | bytes]

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.compared.append(hash)
        return super().verify(hash, password)


def test_an_unknown_name_costs_a_password_hash_like_a_known_one(house: House, user: User) -> None:
    """The answer for nobody takes as long: Argon2id runs with the same parameters against a hash of nobody's."""
    hasher = CountingHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
    hasher.compared = []
    earnest = Passwords()
    house.store.write(lambda tx: tx.set_password_hash(user.subject, earnest.hash(PASSWORD)))
    earnest._hasher = hasher
    logins = Logins(house.store, earnest, house.policy, house.clock, house.randomness, house.logins.browsers)
    for username in (user.username, "nobody"):
        with pytest.raises(LoginFailed):
            logins.log_in(username, "wrong password", network_address="192.0.2.1", previous_token="")
    parameters = [str(compared).rsplit("$", 2)[0] for compared in hasher.compared]
    assert parameters == ["$argon2id$v=19$m=19456,t=2,p=1"] * 2


class SlowHasher(PasswordHasher):
    """The real Argon2id; something happens while it computes."""

    meanwhile: Callable[[], object]

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        found = super().verify(hash, password)
        self.meanwhile()
        return found


@pytest.mark.parametrize("act", ["disable", "delete", "set_password"])
def test_what_happens_while_the_password_is_hashed_counts(house: House, user: User, act: str) -> None:
    """Checked again when the session is written: no session of a password that is no longer the user's."""
    other = house.passwords.hash("another password")
    acts: dict[str, Callable[[], object]] = {
        "disable": lambda: house.users.disable(user.username),
        "delete": lambda: house.users.delete(user.username),
        "set_password": lambda: house.store.write(lambda tx: tx.set_password_hash(user.subject, other)),
    }
    hasher = SlowHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
    hasher.meanwhile = acts[act]
    before, house.passwords._hasher = house.passwords._hasher, hasher
    try:
        assert _refusal(house, user.username, PASSWORD) == (LoginFailed, "user name or password is wrong")
    finally:
        house.passwords._hasher = before


@pytest.mark.parametrize("spelled", [str.upper, str.title, lambda name: name.replace("u", "\uff55")])
def test_a_name_is_known_in_any_spelling(house: House, user: User, spelled: Callable[[str], str]) -> None:
    """RFC 8265 §3.3: without regard to case and to compatibility forms."""
    assert house.logins.find_user(log_in(house, spelled(user.username))) is not None


def test_a_login_always_makes_a_new_session_and_ends_the_browsers_old_one(house: House, user: User) -> None:
    """CVE-2024-28197: a planted session cannot be logged in to."""
    planted = a_session(house, a_user(house))
    token = log_in(house, user.username, previous_token=planted)
    assert token != planted
    assert house.logins.find_user(planted) is None
    again = log_in(house, user.username, previous_token=token)
    assert again != token
    assert house.logins.find_user(token) is None


def test_a_failed_login_ends_no_session(house: House, user: User) -> None:
    """Whoever mistypes stays signed in as before."""
    token = a_session(house, user)
    with pytest.raises(LoginFailed):
        log_in(house, user.username, "wrong password", previous_token=token)
    assert house.logins.find_user(token) is not None


def test_the_sessions_of_two_browsers_are_two(house: House, user: User) -> None:
    """Logging in here signs nobody out there."""
    one, other = log_in(house, user.username), log_in(house, user.username)
    house.logins.log_out(one)
    assert house.logins.find_user(one) is None
    assert house.logins.find_user(other) is not None


def test_signing_out_disconnects_no_tool(house: House) -> None:
    """README, Grants: the browser's session and what was granted in it are two things."""
    connection = connect(house)
    session = a_session(house, connection.user)
    house.logins.log_out(session)
    house.logins.log_out(session)
    connection.rotate()


def test_a_session_survives_a_restart(house: House, user: User) -> None:
    """Sessions are on disk, as hashes."""
    token = a_session(house, user)
    house.restart()
    assert house.logins.find_user(token) is not None


@pytest.mark.parametrize("keep_grants", [True, False])
def test_a_new_password_ends_every_session(house: House, keep_grants: bool) -> None:
    """Whoever learnt the old password is out."""
    user = a_user(house)
    sessions = [a_session(house, user) for _ in range(3)]
    house.users.set_password(user.username, "another password", keep_grants=keep_grants)
    assert [house.logins.find_user(session) for session in sessions] == [None] * 3
    assert house.logins.find_user(log_in(house, user.username, "another password")) is not None
    with pytest.raises(LoginFailed):
        log_in(house, user.username)


@pytest.mark.parametrize("act", ["disable", "delete"])
def test_ending_a_user_ends_every_session(house: House, act: str) -> None:
    """Disabled and deleted users are signed out at once."""
    user = a_user(house)
    token = a_session(house, user)
    getattr(house.users, act)(user.username)
    assert house.logins.find_user(token) is None
    if act == "disable":
        house.users.enable(user.username)
        assert house.logins.find_user(token) is None


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 42, "!" * 43, "\u00e9", "A" * 100_000])
def test_what_is_no_session_token_is_nobodys(house: House, token: str) -> None:
    """A cookie of any form is read without a failure."""
    assert house.logins.find_user(token) is None
    house.logins.log_out(token)


def test_a_session_token_has_one_spelling(house: House, user: User) -> None:
    """Padding, line ends and other letters that a lenient decoder passes over make another token."""
    token = a_session(house, user)
    for changed in (token + "=", token + "\n", token[:10] + "!" + token[10:], token[:-1], token + "A"):
        assert house.logins.find_user(changed) is None


@pytest.mark.parametrize(("length", "fits"), [(7, False), (8, True), (1024, True), (1025, False)])
def test_a_password_has_8_to_1024_characters(house: House, length: int, fits: bool) -> None:
    """user_admin.proto: the bounds, in characters."""
    if fits:
        assert house.passwords.verify(house.passwords.hash("\u00e9" * length), "\u00e9" * length)
    else:
        with pytest.raises(InvalidArgument):
            house.passwords.hash("\u00e9" * length)
