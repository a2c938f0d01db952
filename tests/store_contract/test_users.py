"""Users: names are taken once, the first user is claimed once, whoever is disabled cannot log in."""

import pytest

from core.domain.store import Store
from tests.store_contract.nouns import NOW, a_user


@pytest.mark.parametrize("clash", [{"subject": "other"}, {"username_key": "other"}])
def test_a_name_or_subject_is_taken_once(store: Store, clash: dict[str, str]) -> None:
    """The second user with the name, or with the subject, is refused and changes nothing."""
    assert store.write(lambda transaction: transaction.create_user(a_user()))
    assert not store.write(lambda transaction: transaction.create_user(a_user(**clash)))
    assert store.list_users(limit=10, after_key="") == [a_user()]


def test_the_first_user_is_claimed_once(store: Store) -> None:
    """The right to create the first user is given once in the life of a database, even if nobody used it."""
    assert store.write(lambda transaction: transaction.claim_first_user())
    assert not store.write(lambda transaction: transaction.claim_first_user())


def test_the_first_user_is_not_claimed_where_there_is_one(store: Store) -> None:
    """A database with a user gives nobody the right to create the first one."""
    store.write(lambda transaction: transaction.create_user(a_user()))
    assert not store.write(lambda transaction: transaction.claim_first_user())


def test_disabling_and_enabling(store: Store) -> None:
    """Disabling keeps the first time and can be undone; each says whether there is such a user."""
    store.write(lambda transaction: transaction.create_user(a_user()))
    assert store.write(lambda transaction: transaction.disable_user("subject-1", now=NOW))
    assert store.write(lambda transaction: transaction.disable_user("subject-1", now=NOW + 9))
    assert store.find_user("subject-1") == a_user(disabled_at=NOW)
    assert store.write(lambda transaction: transaction.enable_user("subject-1"))
    assert store.find_user("subject-1") == a_user()


def test_a_login_is_noted_for_active_users_only(store: Store) -> None:
    """A user disabled while the password was being checked is not logged in."""
    store.write(lambda transaction: transaction.create_user(a_user()))
    assert store.write(lambda transaction: transaction.record_login("subject-1", now=NOW + 1))
    store.write(lambda transaction: transaction.disable_user("subject-1", now=NOW + 2))
    assert not store.write(lambda transaction: transaction.record_login("subject-1", now=NOW + 3))
    assert store.find_user("subject-1") == a_user(last_login_at=NOW + 1, disabled_at=NOW + 2)


def test_password_and_groups_are_replaced(store: Store) -> None:
    """A new password hash or set of groups takes the place of the old one, alone."""
    store.write(lambda transaction: transaction.create_user(a_user()))
    assert store.write(lambda transaction: transaction.set_password_hash("subject-1", "$new"))
    assert store.write(lambda transaction: transaction.set_groups("subject-1", ()))
    assert store.find_user("subject-1") == a_user(password_hash="$new", groups=())


def test_a_deleted_user_is_gone_and_the_name_free(store: Store) -> None:
    """The name may be given to somebody new, who has another subject."""
    store.write(lambda transaction: transaction.create_user(a_user()))
    assert store.write(lambda transaction: transaction.delete_user("subject-1"))
    assert store.find_user("subject-1") is None
    assert store.write(lambda transaction: transaction.create_user(a_user(subject="subject-2")))


def test_verbs_on_nobody_say_so(store: Store) -> None:
    """There is no such user: False."""
    assert not store.write(lambda transaction: transaction.disable_user("nobody", now=NOW))
    assert not store.write(lambda transaction: transaction.enable_user("nobody"))
    assert not store.write(lambda transaction: transaction.set_password_hash("nobody", "$"))
    assert not store.write(lambda transaction: transaction.set_groups("nobody", ("a",)))
    assert not store.write(lambda transaction: transaction.record_login("nobody", now=NOW))
    assert not store.write(lambda transaction: transaction.delete_user("nobody"))


def test_users_are_listed_by_name_page_by_page(store: Store) -> None:
    """Pages follow one another in the order of the compared names."""
    users = [a_user(subject=f"subject-{name}", username_key=name) for name in "bdac"]
    store.write(lambda transaction: [transaction.create_user(user) for user in users])
    assert [user.username_key for user in store.list_users(limit=3, after_key="")] == ["a", "b", "c"]
    assert [user.username_key for user in store.list_users(limit=3, after_key="c")] == ["d"]


def test_users_are_found_by_a_part_of_the_compared_name(store: Store) -> None:
    """A percent sign, an underscore and a quote stand for themselves; pages follow as in the list."""
    users = [a_user(subject=f"subject-{name}", username_key=name) for name in ("ada", "nadia", "bob", "a%", "a_d'")]
    store.write(lambda transaction: [transaction.create_user(user) for user in users])

    def found(key: str, after: str = "") -> list[str]:
        return [user.username_key for user in store.search_users(key, limit=9, after_key=after)]

    assert found("ad") == ["ada", "nadia"]
    assert found("ad", after="ada") == ["nadia"]
    assert (found("%"), found("_"), found("'"), found("x")) == (["a%"], ["a_d'"], ["a_d'"], [])
