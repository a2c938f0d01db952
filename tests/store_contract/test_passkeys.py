"""Passkeys, and the challenges that were used."""

from dataclasses import fields, replace
from functools import partial

from core.domain.factors.passkey import MOST_PASSKEYS, Passkey
from core.domain.sessions.session import Session, SignInMethod
from core.domain.store import Store, Transaction
from tests.store_contract.nouns import HOUR, NOW, a_session

PASSKEY = Passkey(
    passkey_id="passkey-1",
    subject="subject-1",
    credential_id=b"\x00credential\xff",
    user_handle=b"handle",
    public_key=b"key",
    sign_count=7,
    aaguid="d548826e-79b4-db40-a3d8-11116f7e8349",
    transports=("internal", "hybrid"),
    backup_eligible=True,
    backed_up=True,
    name="Zoë's ✓",
    created_at=NOW,
    last_used_at=NOW + 5,
)


def test_a_passkey_comes_back_whole(store: Store) -> None:
    """All columns survive; an absent time stays absent, and False is not None."""
    bare = replace(
        PASSKEY, passkey_id="passkey-2", credential_id=b"2", transports=(), backed_up=False, last_used_at=None
    )
    assert not [each.name for each in fields(PASSKEY) if getattr(PASSKEY, each.name) in (None, 0, "", ())]
    assert not store.has_passkeys()
    assert store.write(lambda tx: tx.add_passkey(PASSKEY) and tx.add_passkey(bare))
    assert store.find_passkey(PASSKEY.credential_id) == PASSKEY
    assert store.list_passkeys("subject-1") == [PASSKEY, bare]
    assert store.has_passkeys()


def test_a_credential_is_one_users(store: Store) -> None:
    """WebAuthn Level 3 §7.1 step 26; and of one user's there are so many at most."""
    thief = replace(PASSKEY, passkey_id="passkey-2", subject="subject-2")
    assert store.write(lambda tx: tx.add_passkey(PASSKEY))
    assert not store.write(lambda tx: tx.add_passkey(thief))
    more = [replace(PASSKEY, passkey_id=f"more-{n}", credential_id=b"%d" % n) for n in range(MOST_PASSKEYS)]
    added = store.write(lambda tx: [tx.add_passkey(each) for each in more])
    assert added == [True] * (MOST_PASSKEYS - 1) + [False]


def test_a_count_only_grows(store: Store) -> None:
    """WebAuthn Level 3 §6.1.1: beyond the one that is kept, or both 0."""
    uncounted = replace(PASSKEY, passkey_id="passkey-2", credential_id=b"2", sign_count=0)
    store.write(lambda tx: tx.add_passkey(PASSKEY) and tx.add_passkey(uncounted))

    def use(passkey: Passkey, count: int) -> bool:
        return store.write(lambda tx: tx.use_passkey(passkey, sign_count=count, backed_up=False, now=NOW + 9))

    assert [use(PASSKEY, count) for count in (0, 6, 7, 8, 8)] == [False, False, False, True, False]
    assert [use(uncounted, count) for count in (0, 0, 1, 0)] == [True, True, True, False]
    assert not use(replace(PASSKEY, public_key=b"another"), 100)
    assert store.find_passkey(PASSKEY.credential_id) == replace(
        PASSKEY, sign_count=8, backed_up=False, last_used_at=NOW + 9
    )


def test_it_is_renamed_and_deleted_by_its_user(store: Store) -> None:
    """Somebody else's is as unknown as none."""
    store.write(lambda tx: tx.add_passkey(PASSKEY))
    assert not store.write(lambda tx: tx.rename_passkey("passkey-1", "subject-2", "mine"))
    assert not store.write(lambda tx: tx.delete_passkey("passkey-1", "subject-2"))
    assert store.write(lambda tx: tx.rename_passkey("passkey-1", "subject-1", "blue"))
    assert store.list_passkeys("subject-1") == [replace(PASSKEY, name="blue")]
    assert store.write(lambda tx: tx.delete_passkey("passkey-1", "subject-1"))
    assert store.find_passkey(PASSKEY.credential_id) is None


def test_it_is_a_second_factor(store: Store) -> None:
    """Recovery codes stay as long as there is one, and go with the last."""
    store.write(lambda tx: tx.add_passkey(PASSKEY))
    store.write(lambda tx: tx.replace_recovery_codes("subject-1", [b"digest"]))
    assert store.has_second_factor("subject-1")
    store.write(lambda tx: tx.delete_idle_recovery_codes("subject-1"))
    assert store.count_recovery_codes("subject-1") == 1
    assert store.write(lambda tx: tx.delete_second_factors("subject-1"))
    assert (store.list_passkeys("subject-1"), store.count_recovery_codes("subject-1")) == ([], 0)
    assert not store.has_second_factor("subject-1")
    store.write(lambda tx: tx.replace_recovery_codes("subject-1", [b"digest"]))
    store.write(lambda tx: tx.delete_idle_recovery_codes("subject-1"))
    assert store.count_recovery_codes("subject-1") == 0


def test_a_challenge_is_claimed_once(store: Store) -> None:
    """And forgotten when it can be good no more."""
    claims = [store.write(lambda tx: tx.claim_challenge(b"c", forgotten_at=NOW + HOUR)) for _ in range(2)]
    assert claims == [True, False]
    assert store.purge(now=NOW + HOUR - 1, limit=10) == 0
    assert store.purge(now=NOW + HOUR, limit=10) == 1


def _create(session: Session, tx: Transaction) -> None:
    tx.create_session(session)


def test_every_sign_in_method_comes_back(populated: Store) -> None:
    """Each that the domain knows can be stored with a session and read."""
    sessions = [a_session(token_hash=method.encode(), method=method) for method in SignInMethod]
    for session in sessions:
        populated.write(partial(_create, session))
    assert [populated.find_session(each.token_hash, now=NOW) for each in sessions] == sessions
