"""Users who have a password."""

import pytest

from core.domain.users.user import User
from tests.domain.house import House
from tests.domain.road import a_user
from tests.domain.sessions.form import PASSWORD


@pytest.fixture(scope="module")
def password_hash(house: House) -> str:
    """Argon2id once for all users of this file."""
    return house.passwords.hash(PASSWORD)


@pytest.fixture
def user(house: House, password_hash: str) -> User:
    """A user whose password is PASSWORD."""
    created = a_user(house)
    house.store.write(lambda tx: tx.set_password_hash(created.subject, password_hash))
    found = house.store.find_user(created.subject)
    assert found is not None
    return found
