"""Signing keys: published, then one of them signs, its predecessors stay in the JWK Set until they leave (RFC 7517)."""

from dataclasses import replace

from core.domain.keys.signing_key import WITHDRAWN_LISTED_FOR, KeyState
from core.domain.store import Store
from tests.store_contract.nouns import DAY, HOUR, NOW, a_key


def add(store: Store, key_id: str, created_at: int, **fields: int) -> None:
    """Publish a key that does not sign."""
    store.write(lambda tx: tx.add_signing_key(a_key(key_id=key_id, created_at=created_at, **fields)))


def begin(store: Store, key_id: str, now: int, previous_verifies_until: int = 0) -> bool:
    """Let it sign."""
    return store.write(lambda tx: tx.begin_signing(key_id, now=now, previous_verifies_until=previous_verifies_until))


def sign(store: Store, key_id: str, created_at: int, previous_verifies_until: int) -> None:
    """Add a key that signs from now on."""
    add(store, key_id, created_at)
    assert begin(store, key_id, created_at, previous_verifies_until)


def states(store: Store, now: int = NOW) -> list[tuple[str, KeyState]]:
    """What is listed."""
    return [(key.key_id, key.state) for key in store.list_signing_keys(now=now)]


def test_a_key_is_published_before_it_signs(store: Store) -> None:
    """Publishing one changes nothing about the one that signs."""
    sign(store, "one", NOW, 0)
    add(store, "two", NOW + 1)
    assert states(store) == [("two", KeyState.PUBLISHED), ("one", KeyState.SIGNING)]


def test_a_key_that_begins_to_sign_retires_the_one_before(store: Store) -> None:
    """Whichever signed gets a time to leave; one that already has one keeps it. Newest first."""
    sign(store, "one", NOW, 0)
    sign(store, "two", NOW + 1, NOW + HOUR)
    sign(store, "three", NOW + 2, NOW + 2 * HOUR)
    listed = store.list_signing_keys(now=NOW)
    assert [(key.key_id, key.signs_since, key.verifies_until) for key in listed] == [
        ("three", NOW + 2, None),
        ("two", NOW + 1, NOW + 2 * HOUR),
        ("one", NOW, NOW + HOUR),
    ]


def test_only_a_published_key_begins_to_sign(store: Store) -> None:
    """Neither one that signs, nor one that is retired or withdrawn, nor an unknown one; and nobody retires for it."""
    sign(store, "one", NOW, 0)
    sign(store, "two", NOW + 1, NOW + HOUR)
    add(store, "three", NOW + 2)
    assert store.write(lambda tx: tx.withdraw_signing_key("three", now=NOW))
    before = store.list_signing_keys(now=NOW)
    assert not any(begin(store, key_id, NOW + 5, NOW + 5) for key_id in ("one", "two", "three", "four"))
    assert store.list_signing_keys(now=NOW) == before


def test_how_long_it_was_published_is_noted(store: Store) -> None:
    """As long as it does not sign."""
    add(store, "one", NOW)
    store.write(lambda tx: tx.note_publication("one", published_for=77))
    assert store.list_signing_keys(now=NOW)[0].published_for == 77
    begin(store, "one", NOW)
    store.write(lambda tx: tx.note_publication("one", published_for=99))
    assert store.list_signing_keys(now=NOW)[0].published_for == 77


def test_a_key_that_left_is_not_listed(store: Store) -> None:
    """It leaves the JWK Set at its time, whether or not it was purged."""
    sign(store, "one", NOW, 0)
    sign(store, "two", NOW + 1, NOW + HOUR)
    assert [key for key, _ in states(store, NOW + HOUR - 1)] == ["two", "one"]
    assert [key for key, _ in states(store, NOW + HOUR)] == ["two"]


def test_of_keys_made_in_one_second_the_newest_comes_first(store: Store) -> None:
    """A rotation in the second of the first start leaves no doubt which key signs."""
    sign(store, "b", NOW, 0)
    sign(store, "c", NOW, NOW + HOUR)
    sign(store, "a", NOW, NOW + 2 * HOUR)
    add(store, "d", NOW)
    assert [key.key_id for key in store.list_signing_keys(now=NOW)] == ["d", "a", "c", "b"]


def test_a_withdrawn_key_loses_its_private_half_and_is_listed_for_a_week(store: Store) -> None:
    """Published, signing or retired; withdrawing it again changes nothing."""
    sign(store, "one", NOW, 0)
    sign(store, "two", NOW + 1, NOW + HOUR)
    add(store, "three", NOW + 2)
    for key_id in ("one", "two", "three"):
        assert store.write(lambda tx, key_id=key_id: tx.withdraw_signing_key(key_id, now=NOW + 5))  # type: ignore[misc]
        assert not store.write(lambda tx, key_id=key_id: tx.withdraw_signing_key(key_id, now=NOW + 6))  # type: ignore[misc]
    listed = store.list_signing_keys(now=NOW + DAY)
    assert [(key.state, key.withdrawn_at, key.wrapped_private_key) for key in listed] == [
        (KeyState.WITHDRAWN, NOW + 5, b"")
    ] * 3
    assert len(states(store, NOW + 4 + WITHDRAWN_LISTED_FOR)) == 3
    assert states(store, NOW + 5 + WITHDRAWN_LISTED_FOR) == []


def test_a_key_that_left_cannot_be_withdrawn(store: Store) -> None:
    """It is trusted no more already."""
    sign(store, "one", NOW, 0)
    sign(store, "two", NOW + 1, NOW + HOUR)
    assert not store.write(lambda tx: tx.withdraw_signing_key("one", now=NOW + HOUR))


def test_a_key_is_wrapped_again(store: Store) -> None:
    """A new master key replaces the wrapping and nothing else; an unknown or withdrawn key is said to be so."""
    add(store, "one", NOW)
    again = {"wrapped_private_key": b"again", "master_key_id": 8}
    assert store.write(lambda tx: tx.rewrap_signing_key("one", **again))  # type: ignore[arg-type]
    assert store.list_signing_keys(now=NOW) == [replace(a_key(key_id="one"), **again)]  # type: ignore[arg-type]
    assert not store.write(lambda tx: tx.rewrap_signing_key("two", **again))  # type: ignore[arg-type]
    store.write(lambda tx: tx.withdraw_signing_key("one", now=NOW))
    assert not store.write(lambda tx: tx.rewrap_signing_key("one", **again))  # type: ignore[arg-type]


def test_all_keys_are_deleted(store: Store) -> None:
    """Neither the one that signs nor one that is still published verifies any more."""
    sign(store, "one", NOW, 0)
    sign(store, "two", NOW + 1, NOW + HOUR)
    assert store.write(lambda tx: tx.delete_signing_keys()) == 2
    assert store.list_signing_keys(now=NOW) == []
