"""Validation reads memory alone: users included, whenever they were made."""

from pathlib import Path

import pytest

from core.domain.errors import StoreUnavailable
from core.domain.tokens import known_users
from core.domain.tokens.known_users import KnownUsers
from tests.domain.house import House
from tests.domain.road import Connection, a_user, connect, validate


@pytest.fixture
def own_house(tmp_path: Path) -> House:
    """A house whose store a test may close."""
    return House(tmp_path / "database")


def _groups(connection: Connection) -> tuple[str, ...]:
    found = validate(connection.house, connection.tokens.access_token)
    assert found is not None
    return found.user.groups


def test_users_from_before_the_start_are_known(own_house: House) -> None:
    """With the store closed, the first sight of a user and of a token is answered."""
    connections = [connect(own_house, user=a_user(own_house, f"group {n}")) for n in range(3)]
    own_house.restart()
    own_house.close()
    assert [_groups(connection) for connection in connections] == [(f"group {n}",) for n in range(3)]


def test_a_user_that_is_new_is_known_from_the_first_token_on(own_house: House) -> None:
    """The store has just been asked for the grant; after that nobody asks it."""
    connection = connect(own_house, user=a_user(own_house, "new"))
    own_house.close()
    assert _groups(connection) == ("new",)


def test_what_changed_is_known_before_it_is_acknowledged(own_house: House) -> None:
    """The first validation after SetGroups reads memory too."""
    connection = connect(own_house, user=a_user(own_house, "old"))
    own_house.users.set_groups(connection.user.username, ["changed"])
    own_house.close()
    assert _groups(connection) == ("changed",)


def test_more_users_than_fit_are_read_again(own_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory is bounded, and a user that is not in it is found all the same; where the store fails, it says so."""
    monkeypatch.setattr(known_users, "_USERS", 2)
    users = [a_user(own_house, f"group {n}") for n in range(5)]
    known = KnownUsers(own_house.store)
    for user in users * 2:
        found = known.find(user.subject)
        assert found is not None
        assert found.groups == user.groups
        assert len(known._users) <= 2
    own_house.close()
    with pytest.raises(StoreUnavailable):
        known.find(users[0].subject)
    known.meet(users[0].subject)
    known.change(users[-1].subject)
    with pytest.raises(StoreUnavailable):
        known.find(users[-1].subject)
