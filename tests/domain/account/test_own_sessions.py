"""Where a user is signed in, and signing out there."""

import pytest

from core.domain.errors import InvalidArgument, LoginRequired
from core.domain.users.user import User
from tests.domain.house import House
from tests.domain.road import a_session, a_user, connect, validate


def _ids(house: House, user: User, token: str) -> list[str]:
    _, sessions = house.account.sessions.list(user, session_token=token)
    return [session.session_id for session in sessions]


def test_sessions_are_told_the_newest_first_and_only_the_users(house: House, user: User) -> None:
    """Each browser once; what has expired, and others' sessions, are none of them."""
    older = a_session(house, user)
    house.clock.advance(60)
    newer = a_session(house, user)
    a_session(house, a_user(house))
    this, sessions = house.account.sessions.list(user, session_token=older)

    assert [session.created_at for session in sessions] == [house.clock.now(), house.clock.now() - 60]
    assert sessions[1] == this
    house.clock.advance(house.policy.current.session_lifetime - 60)
    assert len(_ids(house, user, newer)) == 1


def test_one_browser_is_signed_out(house: House, user: User) -> None:
    """The other one stays; a second time there is nothing to end."""
    this = a_session(house, user)
    house.clock.advance(1)
    other = a_session(house, user)
    session_id = _ids(house, user, this)[0]

    assert house.account.sessions.end(session_id, session_token=this)
    assert house.logins.find_user(other) is None
    assert house.logins.find_user(this) is not None
    assert not house.account.sessions.end(session_id, session_token=this)


def test_nobody_signs_somebody_else_out(house: House, user: User) -> None:
    """The name of a session, known or guessed, ends it for its user alone."""
    theirs, mine = a_session(house, user), a_session(house, a_user(house))
    session_id = _ids(house, user, theirs)[0]

    assert not house.account.sessions.end(session_id, session_token=mine)
    assert house.logins.find_user(theirs) is not None
    with pytest.raises(InvalidArgument):
        house.account.sessions.end("no hex", session_token=mine)


def test_everywhere_is_here_too(house: House, user: User) -> None:
    """Every session of the user ends, this one too; apps stay connected, and others stay signed in."""
    connection, bystander = connect(house, user=user), a_session(house, a_user(house))
    this, other = a_session(house, user), a_session(house, user)

    # One more was made while the app was connected.
    assert house.account.sessions.end_all(session_token=this) == 3
    assert [house.logins.find_user(token) for token in (this, other)] == [None, None]
    assert validate(house, connection.tokens.access_token) is not None
    assert house.logins.find_user(bystander) is not None
    with pytest.raises(LoginRequired):
        house.account.sessions.end_all(session_token=this)
