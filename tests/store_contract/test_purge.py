"""The purge deletes what nothing can need any more, in small batches, and nothing else (core.domain.store)."""

from core.domain.grants.grant import GrantState, RevokeReason
from core.domain.keys.signing_key import WITHDRAWN_LISTED_FOR
from core.domain.store import Store
from core.domain.tokens.change import ChangeKind
from tests.store_contract.nouns import DAY, HOUR, NOW, a_grant, a_key, a_session

EARLY, FAR = NOW - 100 * DAY, NOW + 100 * DAY

#: name → state, created_at, code_expires_at, idle_expires_at, expires_at, revoked_at
KEPT = {
    "active": (GrantState.ACTIVE, EARLY, EARLY, FAR, FAR, None),
    "active, idle for less": (GrantState.ACTIVE, EARLY, EARLY, NOW - 7 * DAY + 1, FAR, None),
    "active, too old for less": (GrantState.ACTIVE, EARLY, EARLY, FAR, NOW - 7 * DAY + 1, None),
    "revoked for less": (GrantState.REVOKED, EARLY, EARLY, EARLY, EARLY, NOW - 7 * DAY + 1),
    "pending": (GrantState.PENDING, NOW - HOUR + 1, EARLY, FAR, FAR, None),
    "pending, code alive": (GrantState.PENDING, NOW - HOUR, NOW + 1, FAR, FAR, None),
    "dead": (GrantState.DEAD, NOW - HOUR + 1, EARLY, FAR, FAR, None),
}
GONE = {
    "active, idle": (GrantState.ACTIVE, EARLY, EARLY, NOW - 7 * DAY, FAR, None),
    "active, too old": (GrantState.ACTIVE, EARLY, EARLY, FAR, NOW - 7 * DAY, None),
    "revoked": (GrantState.REVOKED, EARLY, EARLY, FAR, FAR, NOW - 7 * DAY),
    "pending, an hour": (GrantState.PENDING, NOW - HOUR, EARLY, FAR, FAR, None),
    "dead, an hour": (GrantState.DEAD, NOW - HOUR, EARLY, FAR, FAR, None),
}


def add_grants(store: Store) -> None:
    """Store a grant for each name."""
    grants = [
        a_grant(
            id=name.encode(),
            state=state,
            created_at=created_at,
            code_expires_at=code_expires_at,
            idle_expires_at=idle_expires_at,
            expires_at=expires_at,
            revoked_at=revoked_at,
        )
        for name, (state, created_at, code_expires_at, idle_expires_at, expires_at, revoked_at) in (KEPT | GONE).items()
    ]
    assert all(store.write(lambda transaction: [transaction.create_grant(grant) for grant in grants]))


def names(store: Store) -> set[str]:
    """The names of the grants that are there."""
    grants = store.list_grants(subject=None, client_id=None, live_at=None, limit=1000, before=None)
    return {grant.id.decode() for grant in grants}


def test_grants_are_kept_to_the_second(populated: Store) -> None:
    """7 days after the end, an hour for what was never redeemed; not one that is a second short of it."""
    add_grants(populated)
    assert populated.purge(now=NOW, limit=1000) == len(GONE)
    assert names(populated) == set(KEPT)
    assert populated.purge(now=NOW, limit=1000) == 0
    populated.purge(now=NOW + 1, limit=1000)
    assert names(populated) == {"active"}


def test_a_batch_is_as_large_as_asked(populated: Store) -> None:
    """`limit` rows at a time; grants that live do not use the limit up."""
    add_grants(populated)
    assert [populated.purge(now=NOW, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert names(populated) == set(KEPT)


def test_a_refreshed_grant_is_looked_at_again_in_its_time(populated: Store) -> None:
    """A grant that a purge left alone goes when it ended, however often it was refreshed between."""
    grant = a_grant(state=GrantState.ACTIVE, generation=1, idle_expires_at=NOW + DAY)
    populated.write(lambda transaction: transaction.create_grant(grant))
    assert populated.purge(now=NOW + 2 * HOUR, limit=10) == 0
    populated.write(
        lambda transaction: transaction.rotate_refresh_token(
            grant.id, generation=1, attempt_id=b"attempt", now=NOW + 3 * HOUR, idle_expires_at=NOW + 20 * DAY
        )
    )
    assert populated.purge(now=NOW + 8 * DAY, limit=10) == 0
    assert populated.purge(now=NOW + 27 * DAY - 1, limit=10) == 0
    assert populated.purge(now=NOW + 27 * DAY, limit=10) == 1


def test_a_revoked_grant_goes_7_days_later(populated: Store) -> None:
    """Also one that had a long life before it, and was left alone by a purge."""
    grant = a_grant(state=GrantState.ACTIVE)
    populated.write(lambda transaction: transaction.create_grant(grant))
    assert populated.purge(now=NOW + DAY, limit=10) == 0
    populated.write(
        lambda transaction: transaction.revoke_grant(grant.id, reason=RevokeReason.REVOKED_BY_CLIENT, now=NOW + DAY)
    )
    assert populated.purge(now=NOW + 8 * DAY - 1, limit=10) == 0
    assert populated.purge(now=NOW + 8 * DAY, limit=10) == 1


def test_sessions_go_when_they_expired(populated: Store) -> None:
    """At their second, not before."""
    populated.write(lambda transaction: transaction.create_session(a_session(expires_at=NOW)))
    assert populated.purge(now=NOW - 1, limit=10) == 0
    assert populated.purge(now=NOW, limit=10) == 1
    assert populated.find_session(a_session().token_hash, now=EARLY) is None


def test_changes_go_and_the_revision_stays(store: Store) -> None:
    """The next change carries the next number though every row before it is gone."""
    store.write(
        lambda transaction: [
            transaction.record_change(ChangeKind.ALL_REVOKED, "", now=EARLY, keep_until=keep_until)
            for keep_until in (NOW, NOW + 1)
        ]
    )
    assert store.purge(now=NOW, limit=10) == 1
    assert [change.revision for change in store.list_changes(since=0, now=EARLY)] == [2]
    assert store.purge(now=NOW + 1, limit=10) == 1
    assert store.current_revision() == 2
    assert (
        store.write(lambda transaction: transaction.record_change(ChangeKind.ALL_REVOKED, "", now=NOW, keep_until=FAR))
        == 3
    )


def test_signing_keys_go_when_they_have_left(store: Store) -> None:
    """Retired ones at their time, withdrawn ones after a week; a key that is published or signs never goes."""
    for fields in (
        {"key_id": "retired", "signs_since": EARLY, "verifies_until": NOW},
        {"key_id": "withdrawn", "withdrawn_at": NOW - WITHDRAWN_LISTED_FOR + 1},
        {"key_id": "signing", "signs_since": EARLY},
        {"key_id": "published"},
    ):
        store.write(lambda transaction, fields=fields: transaction.add_signing_key(a_key(**fields)))  # type: ignore[misc]
    assert store.purge(now=NOW - 1, limit=10) == 0
    assert store.purge(now=NOW, limit=10) == 1
    assert store.purge(now=NOW + 1, limit=10) == 1
    assert [key.key_id for key in store.list_signing_keys(now=EARLY)] == ["published", "signing"]


def test_full_buckets_go_and_others_remember(store: Store) -> None:
    """A bucket that is full again says nothing; one that is not keeps counting."""
    store.write(
        lambda transaction: [
            transaction.take_slot(key, now_ms=(NOW - 1) * 1000, interval_ms=interval_ms, burst=1)
            for key, interval_ms in ((b"full", 1000), (b"not yet", 1001))
        ]
    )
    assert store.purge(now=NOW, limit=10) == 1
    assert (
        store.write(lambda transaction: transaction.take_slot(b"not yet", now_ms=NOW * 1000, interval_ms=1001, burst=1))
        == 1
    )
