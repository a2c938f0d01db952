"""Browser sessions end with their time, their user, or when somebody ends them."""

from functools import partial

from core.domain.sessions.session import Session
from core.domain.store import Store, Transaction
from tests.store_contract.nouns import DAY, NOW, a_session, a_user


def create(session: Session, transaction: Transaction) -> None:
    """Store a session."""
    transaction.create_session(session)


def test_a_session_ends_at_its_time(populated: Store) -> None:
    """It is found until the second before it expires, whether or not it was purged."""
    populated.write(lambda transaction: transaction.create_session(a_session()))
    assert populated.find_session(a_session().token_hash, now=NOW + DAY - 1) == a_session()
    assert populated.find_session(a_session().token_hash, now=NOW + DAY) is None


def test_a_session_of_a_disabled_or_deleted_user_is_not_found(populated: Store) -> None:
    """Disabling or deleting a user closes the browser session at once."""
    populated.write(lambda transaction: transaction.create_session(a_session()))
    populated.write(lambda transaction: transaction.disable_user("subject-1", now=NOW))
    assert populated.find_session(a_session().token_hash, now=NOW) is None
    populated.write(lambda transaction: transaction.enable_user("subject-1"))
    assert populated.find_session(a_session().token_hash, now=NOW) == a_session()
    populated.write(lambda transaction: transaction.delete_user("subject-1"))
    assert populated.find_session(a_session().token_hash, now=NOW) is None


def test_a_session_is_deleted_once(populated: Store) -> None:
    """Signing out ends one browser's session and says whether there was one."""
    other = a_session(token_hash=b"other")
    populated.write(lambda transaction: transaction.create_session(a_session()))
    populated.write(lambda transaction: transaction.create_session(other))
    assert populated.write(lambda transaction: transaction.delete_session(a_session().token_hash))
    assert not populated.write(lambda transaction: transaction.delete_session(a_session().token_hash))
    assert populated.find_session(other.token_hash, now=NOW) == other


def test_all_sessions_of_one_user_are_deleted(populated: Store) -> None:
    """A changed password signs the user out everywhere, and nobody else."""
    populated.write(lambda transaction: transaction.create_user(a_user(subject="b", username_key="b")))
    owners = ("subject-1", "subject-1", "b")
    sessions = [a_session(token_hash=bytes([number]), subject=owner) for number, owner in enumerate(owners)]

    def create(transaction: Transaction) -> None:
        for session in sessions:
            transaction.create_session(session)

    populated.write(create)
    assert populated.write(lambda transaction: transaction.delete_sessions_of_subject("subject-1")) == 2
    assert [populated.find_session(bytes([number]), now=NOW) is None for number in range(3)] == [True, True, False]


def test_all_sessions_are_deleted(populated: Store) -> None:
    """A restore signs everybody out: nobody knows who signed out since."""
    sessions = [a_session(token_hash=bytes([number])) for number in range(3)]
    for session in sessions:
        populated.write(partial(create, session))
    assert populated.write(lambda transaction: transaction.delete_all_sessions()) == 3
    assert [populated.find_session(session.token_hash, now=NOW) for session in sessions] == [None] * 3
    assert populated.write(lambda transaction: transaction.delete_all_sessions()) == 0
