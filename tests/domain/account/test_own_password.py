"""A new password, for who knows the old one."""

import pytest

from core.domain.errors import InvalidArgument, LoginFailed, LoginRequired, SignedInElsewhere, TooManyAttempts
from core.domain.limits.rate import Rate
from core.domain.users.user import User
from tests.domain.house import House
from tests.domain.road import a_session, connect, validate
from tests.domain.sessions.form import PASSWORD, log_in

_NEW = "another battery staple"


def _change(house: House, token: str, old: str = PASSWORD, new: str = _NEW, **changes: bool) -> tuple[int, int]:
    return house.account.password.change(
        old,
        new,
        session_token=token,
        network_address="192.0.2.1",
        disconnect_apps=changes.get("disconnect_apps", False),
    )


def test_who_has_no_password_here_is_told_so(house: House, user: User) -> None:
    """Another provider says who they are: no page asks for a password that cannot be right, and no try is counted."""
    house.store.write(lambda tx: tx.set_password_hash(user.subject, ""))
    account, asked = house.account, {"session_token": a_session(house, user)}
    proved = asked | {"network_address": "192.0.2.1"}

    for do in (
        lambda: account.password.change("", "another good password", **proved, disconnect_apps=False),
        lambda: account.second_factor.look(**asked),
        lambda: account.second_factor.begin(**asked),
        lambda: account.second_factor.confirm("000000", "", **proved),
        lambda: account.second_factor.renew_recovery_codes("", **proved),
        lambda: account.second_factor.switch_off("", **proved),
        lambda: account.passkeys.list(**asked),
        lambda: account.passkeys.begin("", **proved, browser_binding=b"b" * 32),
        lambda: account.passkeys.remove("0" * 32, "", **proved),
    ):
        with pytest.raises(SignedInElsewhere):
            do()


def test_the_new_password_is_in_force_and_the_old_one_is_not(house: House, user: User) -> None:
    """This browser stays signed in, every other one is out; apps stay connected."""
    connection = connect(house, user=user)
    this, other = a_session(house, user), a_session(house, user)
    # One more was made while the app was connected.
    assert _change(house, this) == (2, 0)

    with pytest.raises(LoginFailed):
        log_in(house, user.username)
    assert log_in(house, user.username, _NEW)
    assert house.logins.find_user(this) is not None
    assert house.logins.find_user(other) is None
    assert validate(house, connection.tokens.access_token) is not None


def test_apps_are_disconnected_where_that_is_wanted(house: House, user: User) -> None:
    """For who fears that somebody else has connected one."""
    connection = connect(house, user=user)

    assert _change(house, a_session(house, user), disconnect_apps=True)[1] == 1
    assert validate(house, connection.tokens.access_token) is None


def test_a_refused_change_changes_nothing(house: House, user: User) -> None:
    """A wrong old password, an unusable new one, no session."""
    this, other = a_session(house, user), a_session(house, user)
    with pytest.raises(LoginFailed):
        _change(house, this, old="wrong")
    for unusable in ("short", "x" * 1025):
        with pytest.raises(InvalidArgument):
            _change(house, this, new=unusable)
    for nobody in ("", "unknown"):
        with pytest.raises(LoginRequired):
            _change(house, nobody)

    assert house.logins.find_user(other) is not None
    assert log_in(house, user.username)


def test_guessing_the_old_password_is_guessing_at_the_login(house: House, user: User) -> None:
    """Limits.LoginFailures: whoever sits at somebody's open browser has no more tries than at the login, and tries here
    count there; what was no guess costs none."""
    with house.under(login_failures=Rate(3, 900)):
        this = a_session(house, user)
        for _ in range(5):
            with pytest.raises(InvalidArgument):
                _change(house, this, new="short")
        for _ in range(3):
            with pytest.raises(LoginFailed):
                _change(house, this, old="wrong")
        with pytest.raises(TooManyAttempts):
            _change(house, this)
        with pytest.raises(TooManyAttempts):
            log_in(house, user.username)
        house.clock.advance(300)
        _change(house, this)
        assert log_in(house, user.username, _NEW)


def test_a_session_that_ends_meanwhile_changes_nothing(house: House, user: User) -> None:
    """Argon2id takes its time: what is looked at before is looked at again in the transaction that writes."""
    this = a_session(house, user)
    looked_at = house.account.page.require_user(this)
    house.users.set_password(user.username, _NEW, keep_grants=True)
    password = house.account.password
    assert looked_at.password_hash != "$no$"
    with pytest.raises(LoginRequired):
        _change(house, this, new="a third one of its own")
    with pytest.raises(LoginFailed):
        password.verify(looked_at, _NEW, this, "192.0.2.1")
    assert log_in(house, user.username, _NEW)
