"""Every field comes back as it was stored. No field is at its zero value, where it would come back though dropped."""

from dataclasses import fields, replace

from core.domain.grants.grant import GrantState, RevokeReason
from core.domain.store import Store
from core.domain.tokens.change import Change, ChangeKind
from tests.store_contract.nouns import NOW, a_client, a_grant, a_key, a_session, a_user, an_active_grant


def test_a_grant_comes_back_whole(populated: Store) -> None:
    """All columns of a grant survive, those of a revoked one too (one grant, one row)."""
    grant = an_active_grant(state=GrantState.REVOKED, revoked_at=NOW + 9, revoke_reason=RevokeReason.CODE_REUSED)
    assert not [field.name for field in fields(grant) if getattr(grant, field.name) in (None, 0, "", ())]
    assert populated.write(lambda transaction: transaction.create_grant(grant))
    assert populated.find_grant(grant.id) == grant
    assert populated.write(lambda transaction: transaction.find_grant(grant.id)) == grant


def test_an_absent_field_stays_absent(populated: Store) -> None:
    """What is None or empty comes back so, and not as 0 or an empty string (optional times are absent, never zero)."""
    grant = a_grant(scope=(), resources=())
    assert populated.write(lambda transaction: transaction.create_grant(grant))
    assert populated.find_grant(grant.id) == grant


def test_every_state_and_reason_comes_back(populated: Store) -> None:
    """Each name that the domain knows can be stored and read."""
    kinds = [(state, None) for state in GrantState] + [(GrantState.REVOKED, reason) for reason in RevokeReason]
    grants = [
        a_grant(id=number.to_bytes(16), state=state, revoke_reason=reason)
        for number, (state, reason) in enumerate(kinds)
    ]
    populated.write(lambda transaction: [transaction.create_grant(grant) for grant in grants])
    assert [populated.find_grant(grant.id) for grant in grants] == grants


def test_a_user_comes_back_whole(store: Store) -> None:
    """All columns of a user survive, found by subject and by name."""
    user = a_user(disabled_at=NOW + 1, last_login_at=NOW + 2)
    assert store.write(lambda transaction: transaction.create_user(user))
    assert store.find_user(user.subject) == user
    assert store.find_user_by_name(user.username_key) == user
    assert store.find_user_by_name(user.username) is None


def test_a_client_comes_back_whole(store: Store) -> None:
    """All columns of a client survive (RFC 7591 §2)."""
    client = a_client(last_used_at=NOW + 1, blocked_at=NOW + 2)
    assert store.write(lambda transaction: transaction.register_client(client)) == client
    assert store.find_client(client.client_id) == client


def test_a_session_comes_back_whole(populated: Store) -> None:
    """All columns of a browser session survive."""
    populated.write(lambda transaction: transaction.create_session(a_session()))
    assert populated.find_session(a_session().token_hash, now=NOW) == a_session()


def test_a_signing_key_comes_back_whole(store: Store) -> None:
    """All columns of a signing key survive (RFC 7517)."""
    key = a_key(published_for=7, signs_since=NOW + 8, verifies_until=NOW + 9, withdrawn_at=NOW + 10)
    store.write(lambda transaction: transaction.add_signing_key(key))
    assert store.list_signing_keys(now=NOW) == [key]


def test_a_change_comes_back_whole(store: Store) -> None:
    """All columns of a change survive, for each kind."""
    store.write(
        lambda transaction: [
            transaction.record_change(kind, kind.name, now=NOW, keep_until=NOW + 1) for kind in ChangeKind
        ]
    )
    expected = [Change(number, kind, kind.name, NOW, NOW + 1) for number, kind in enumerate(ChangeKind, start=1)]
    assert store.list_changes(since=0, now=NOW) == expected


def test_what_is_not_there_is_not_found(store: Store) -> None:
    """An empty store finds nothing, lists nothing and changes nothing."""
    assert store.find_grant(b"0" * 16) is None
    assert store.find_client("client-1") is None
    assert store.find_user("subject-1") is None
    assert store.find_user_by_name("zoë") is None
    assert store.find_session(b"0" * 32, now=NOW) is None
    assert store.list_signing_keys(now=NOW) == []
    assert store.list_changes(since=0, now=NOW) == []
    assert store.current_revision() == 0


def test_text_that_looks_like_sql_stays_text(store: Store) -> None:
    """Values are parameters, never part of a statement."""
    user = replace(a_user(), username="'); DROP TABLE users; --", username_key="x' OR '1'='1")
    assert store.write(lambda transaction: transaction.create_user(user))
    assert store.find_user(user.subject) == user
    assert store.find_user_by_name("x") is None
