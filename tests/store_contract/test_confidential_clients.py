"""Clients of operators, and their secrets."""

from core.domain.clients.client_secret import ClientSecret
from core.domain.store import Store
from tests.store_contract.nouns import NOW, a_client, a_client_secret, a_confidential_client


def _add(store: Store, *, most: int = 5, **fields: object) -> bool:
    return store.write(lambda transaction: transaction.add_client_secret(a_client_secret(**fields), most=most))


def _remove(store: Store, secret_id: str) -> bool:
    return store.write(lambda transaction: transaction.remove_client_secret("app-1", secret_id))


def _preregister(store: Store, **fields: object) -> bool:
    return store.write(lambda transaction: transaction.preregister_client(a_confidential_client(**fields)))


def _secrets(store: Store) -> list[ClientSecret]:
    return list(store.list_client_secrets("app-1"))


def test_a_client_of_an_operator_is_kept_with_its_terms(store: Store) -> None:
    """Found and listed as it was stored, and touched and blocked like any other."""
    assert _preregister(store)
    assert store.find_client("app-1") == a_confidential_client()
    store.write(lambda transaction: transaction.touch_client("app-1", now=NOW + 1))
    store.write(lambda transaction: transaction.block_client("app-1", now=NOW + 2))
    expected = a_confidential_client(last_used_at=NOW + 1, blocked_at=NOW + 2)
    assert store.list_clients(limit=10, after="") == [expected]


def test_an_id_in_use_or_deleted_is_not_taken_again(store: Store) -> None:
    """Whoever has it keeps it as it is."""
    assert _preregister(store)
    assert not _preregister(store, client_name="Other")
    assert store.find_client("app-1") == a_confidential_client()
    store.write(lambda transaction: transaction.delete_client("app-1", now=NOW))
    assert not _preregister(store)
    store.write(lambda transaction: transaction.register_client(a_client()))
    assert not _preregister(store, client_id="client-1")
    assert store.find_client("client-1") == a_client()


def test_secrets_are_listed_in_the_order_they_were_made(store: Store) -> None:
    """Of their client alone."""
    assert _add(store, secret_id="b", created_at=NOW + 1)
    assert _add(store, secret_id="a", created_at=NOW + 2)
    assert _add(store, client_id="app-2")
    assert [secret.secret_id for secret in _secrets(store)] == ["b", "a"]
    assert _secrets(store)[0] == a_client_secret(secret_id="b", created_at=NOW + 1)


def test_there_are_never_more_than_asked_for(store: Store) -> None:
    """The one too many leaves nothing; another client's do not count."""
    assert _add(store, client_id="app-2", most=2)
    assert [_add(store, secret_id=name, most=2) for name in "abc"] == [True, True, False]
    assert [secret.secret_id for secret in _secrets(store)] == ["a", "b"]


def test_the_only_secret_stays(store: Store) -> None:
    """However often, and whoever else has one."""
    _add(store, client_id="app-2")
    _add(store, secret_id="a")
    _add(store, secret_id="b")
    assert [_remove(store, name) for name in ("c", "a", "a", "b")] == [False, True, False, False]
    assert [secret.secret_id for secret in _secrets(store)] == ["b"]


def test_secrets_go_with_their_client(store: Store) -> None:
    """And with no other."""
    _preregister(store)
    _add(store)
    _add(store, client_id="app-2")
    store.write(lambda transaction: transaction.delete_client("app-1", now=NOW))
    assert _secrets(store) == []
    assert len(store.list_client_secrets("app-2")) == 1


def test_an_assertion_is_claimed_once_and_by_its_own_attempt_again(store: Store) -> None:
    """Whoever else comes with it is too late, until it is forgotten because nobody takes it any more."""

    def claim(attempt_id: bytes, digest: bytes = b"one") -> bool:
        return store.write(lambda tx: tx.claim_assertion(digest, attempt_id=attempt_id, forgotten_at=NOW + 60))

    assert [claim(b"a"), claim(b"a"), claim(b"b"), claim(b"a")] == [True, True, False, True]
    assert claim(b"b", b"two")
    store.purge(now=NOW + 59, limit=10)
    assert not claim(b"b")
    store.purge(now=NOW + 60, limit=10)
    assert claim(b"b")
