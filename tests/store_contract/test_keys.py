"""Signing keys: one signs, its predecessors stay in the JWK Set until they retire (RFC 7517)."""

from dataclasses import replace

from core.domain.store import Store
from tests.store_contract.nouns import HOUR, NOW, a_key


def add(store: Store, key_id: str, created_at: int, previous_retire_at: int) -> None:
    """Add a key that signs from now on."""
    key = a_key(key_id=key_id, created_at=created_at)
    store.write(lambda transaction: transaction.add_signing_key(key, previous_retire_at=previous_retire_at))


def test_a_new_key_retires_the_one_before(store: Store) -> None:
    """Whichever signed gets a time to leave; one that already has one keeps it. Newest first."""
    add(store, "one", NOW, 0)
    add(store, "two", NOW + 1, NOW + HOUR)
    add(store, "three", NOW + 2, NOW + 2 * HOUR)
    listed = store.list_signing_keys(now=NOW)
    assert [(key.key_id, key.retires_at) for key in listed] == [
        ("three", None),
        ("two", NOW + 2 * HOUR),
        ("one", NOW + HOUR),
    ]


def test_a_retired_key_is_not_listed(store: Store) -> None:
    """It leaves the JWK Set at its time, whether or not it was purged."""
    add(store, "one", NOW, 0)
    add(store, "two", NOW + 1, NOW + HOUR)
    assert [key.key_id for key in store.list_signing_keys(now=NOW + HOUR - 1)] == ["two", "one"]
    assert [key.key_id for key in store.list_signing_keys(now=NOW + HOUR)] == ["two"]


def test_of_two_keys_made_in_one_second_the_signing_one_comes_first(store: Store) -> None:
    """A rotation in the second of the first start leaves no doubt which key signs."""
    add(store, "b", NOW, 0)
    add(store, "c", NOW, NOW + HOUR)
    add(store, "a", NOW, NOW + 2 * HOUR)
    assert [key.key_id for key in store.list_signing_keys(now=NOW)] == ["a", "c", "b"]


def test_a_key_is_wrapped_again(store: Store) -> None:
    """A new master key replaces the wrapping and nothing else; an unknown key is said to be so."""
    add(store, "one", NOW, 0)
    assert store.write(
        lambda transaction: transaction.rewrap_signing_key("one", wrapped_private_key=b"again", master_key_id=8)
    )
    expected = replace(a_key(key_id="one"), wrapped_private_key=b"again", master_key_id=8)
    assert store.list_signing_keys(now=NOW) == [expected]
    assert not store.write(
        lambda transaction: transaction.rewrap_signing_key("two", wrapped_private_key=b"again", master_key_id=8)
    )


def test_all_keys_are_withdrawn(store: Store) -> None:
    """Neither the one that signs nor one that is still published verifies any more."""
    add(store, "one", NOW, 0)
    add(store, "two", NOW + 1, NOW + HOUR)
    assert store.write(lambda transaction: transaction.withdraw_signing_keys()) == 2
    assert store.list_signing_keys(now=NOW) == []
