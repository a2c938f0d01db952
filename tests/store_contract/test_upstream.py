"""Identities at other OpenID providers, the states of logins there, and where sessions came from."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from core.domain.sessions.session import Session
from core.domain.store import Store, Transaction
from core.domain.upstream.identity import LinkedIdentity, UpstreamSession
from tests.store_contract.nouns import NOW, a_user

ISSUER = "https://id.example.com"
IDENTITY = LinkedIdentity(ISSUER, "248289761001", "subject-1", NOW)
SESSION = UpstreamSession(b"token hash", "company", "https://id.example.com/out", NOW + 60, b"sealed")


def test_an_identity_is_one_users(populated: Store) -> None:
    """Issuer and sub together: the same sub of another issuer is somebody else, and nobody takes a linked one over."""
    assert populated.write(lambda transaction: transaction.link_identity(IDENTITY))
    other = LinkedIdentity(ISSUER, IDENTITY.sub, "subject-2", NOW + 1)
    assert not populated.write(lambda transaction: transaction.link_identity(other))

    found = populated.find_user_of_identity(ISSUER, IDENTITY.sub)
    assert found is not None
    assert found == populated.find_user("subject-1")
    assert populated.find_user_of_identity("https://id.example.org", IDENTITY.sub) is None
    assert list(populated.list_identities("subject-1")) == [IDENTITY]


def test_a_link_is_taken_away_once_and_by_its_users_name_alone(populated: Store) -> None:
    """Then somebody else may have it."""
    populated.write(lambda transaction: transaction.link_identity(IDENTITY))

    def unlink(subject: str) -> bool:
        return populated.write(lambda transaction: transaction.unlink_identity(ISSUER, IDENTITY.sub, subject))

    assert [unlink("subject-2"), unlink("subject-1"), unlink("subject-1")] == [False, True, False]
    assert populated.find_user_of_identity(ISSUER, IDENTITY.sub) is None


def test_a_deleted_user_leaves_no_identity(populated: Store) -> None:
    """So whoever signs in there again is somebody new; a disabled one stays who they are."""
    populated.write(lambda transaction: transaction.link_identity(IDENTITY))
    populated.write(lambda transaction: transaction.disable_user("subject-1", now=NOW))
    found = populated.find_user_of_identity(ISSUER, IDENTITY.sub)
    assert found is not None
    assert not found.active

    populated.write(lambda transaction: transaction.delete_user("subject-1"))
    assert list(populated.list_identities("subject-1")) == []
    populated.write(lambda transaction: transaction.create_user(a_user(subject="subject-3")))
    linked = LinkedIdentity(ISSUER, IDENTITY.sub, "subject-3", NOW)
    assert populated.write(lambda transaction: transaction.link_identity(linked))


def test_a_state_is_claimed_once(store: Store) -> None:
    """Whoever comes second finds it taken, until nobody can come any more."""

    def claim() -> bool:
        return store.write(lambda transaction: transaction.claim_login_state(b"nonce", forgotten_at=NOW + 60))

    assert [claim(), claim()] == [True, False]
    store.purge(now=NOW + 59, limit=10)
    assert not claim()
    store.purge(now=NOW + 60, limit=10)
    assert claim()


def test_where_a_session_came_from_is_forgotten_with_it(store: Store) -> None:
    """It is found until the second before the session expires, whether or not it was purged."""
    store.write(lambda transaction: transaction.note_upstream_session(SESSION))

    assert store.find_upstream_session(b"token hash", now=NOW + 59) == SESSION
    assert store.find_upstream_session(b"token hash", now=NOW + 60) is None
    assert store.find_upstream_session(b"another", now=NOW) is None
    bare = replace(SESSION, token_hash=b"third", sealed_id_token=None)
    store.write(lambda transaction: transaction.note_upstream_session(bare))
    assert store.find_upstream_session(b"third", now=NOW) == bare
    assert store.purge(now=NOW + 60, limit=10) == 2
    assert store.find_upstream_session(b"token hash", now=NOW) is None


_OF_ADA, _OTHER_OF_ADA, _OF_BOB = (
    Session(bytes([number]) * 32, subject, NOW, NOW + 60)
    for number, subject in enumerate(("subject-1", "subject-1", "subject-2"))
)
_ENDS: dict[str, tuple[Callable[[Transaction], object], list[Session]]] = {
    "one": (lambda tx: tx.delete_session(_OF_ADA.token_hash), [_OF_ADA]),
    "one of a user": (lambda tx: tx.delete_session_of_subject(_OF_ADA.token_hash, "subject-1"), [_OF_ADA]),
    "one of somebody else": (lambda tx: tx.delete_session_of_subject(_OF_ADA.token_hash, "subject-2"), []),
    "all but one": (lambda tx: tx.delete_other_sessions(_OF_ADA), [_OTHER_OF_ADA]),
    "all of a user": (lambda tx: tx.delete_sessions_of_subject("subject-1"), [_OF_ADA, _OTHER_OF_ADA]),
    "all": (lambda tx: tx.delete_all_sessions(), [_OF_ADA, _OTHER_OF_ADA, _OF_BOB]),
}


@pytest.mark.parametrize(("end", "ended"), _ENDS.values(), ids=_ENDS)
def test_what_a_provider_said_ends_with_the_session(
    populated: Store, end: Callable[[Transaction], object], ended: list[Session]
) -> None:
    """However it ends: nobody's ID token is kept for a session that is no more; the others' are."""
    sessions = (_OF_ADA, _OTHER_OF_ADA, _OF_BOB)

    def begin(tx: Transaction) -> None:
        for session in sessions:
            tx.create_session(session)
            tx.note_upstream_session(replace(SESSION, token_hash=session.token_hash))

    populated.write(begin)
    populated.write(end)

    forgotten = [each for each in sessions if populated.find_upstream_session(each.token_hash, now=NOW) is None]
    assert forgotten == ended
