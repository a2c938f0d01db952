"""Clients: registering again, deleting, blocking (RFC 7591)."""

from dataclasses import replace

from core.domain.clients.client import Client
from core.domain.clients.terms import PUBLIC
from core.domain.store import Store
from tests.store_contract.nouns import HOUR, NOW, a_client


def register(store: Store, **fields: object) -> Client:
    """Register `a_client` with these fields."""
    return store.write(lambda transaction: transaction.register_client(a_client(**fields)))


def test_registering_again_changes_nothing(store: Store) -> None:
    """The same client_id gives the row that stands, not a second one and not new values."""
    assert register(store) == a_client()
    assert register(store, client_name="Other", created_at=NOW + 9) == a_client()
    assert store.list_clients(limit=10, after="") == [a_client()]


def test_a_deleted_client_is_not_found(store: Store) -> None:
    """A deletion leaves a tombstone that nobody finds, once."""
    register(store)
    assert store.write(lambda transaction: transaction.delete_client("client-1", now=NOW))
    assert not store.write(lambda transaction: transaction.delete_client("client-1", now=NOW))
    assert store.find_client("client-1") is None
    assert store.list_clients(limit=10, after="") == []


def test_what_an_operator_had_added_is_told_from_what_came_by_itself(store: Store) -> None:
    """Once it is deleted: an id that was never here, or that is here, was not removed."""
    mine = a_client(client_id="mine", terms=replace(PUBLIC, preregistered=True))
    store.write(lambda transaction: transaction.preregister_client(mine))
    register(store)
    before = [store.was_preregistered(client_id) for client_id in ("mine", "client-1", "nobody")]
    store.write(lambda transaction: transaction.delete_client("mine", now=NOW))
    store.write(lambda transaction: transaction.delete_client("client-1", now=NOW))

    assert before == [False, False, False]
    assert [store.was_preregistered(client_id) for client_id in ("mine", "client-1", "nobody")] == [True, False, False]


def test_a_deleted_client_may_register_again(store: Store) -> None:
    """It comes back under the same id with what it says now."""
    register(store, last_used_at=NOW)
    store.write(lambda transaction: transaction.delete_client("client-1", now=NOW))
    again = a_client(client_name="Newer", metadata="{}", redirect_uris=("x",), grant_types=("y",), created_at=NOW + 5)
    assert store.write(lambda transaction: transaction.register_client(again)) == again
    assert store.find_client("client-1") == again


def test_a_block_outlives_deletion_and_registration(store: Store) -> None:
    """A blocked client, deleted or not, stays as it is and says so."""
    register(store)
    assert store.write(lambda transaction: transaction.block_client("client-1", now=NOW + 1))
    blocked = a_client(blocked_at=NOW + 1)
    assert register(store, client_name="Other") == blocked
    assert store.find_client("client-1") == blocked
    store.write(lambda transaction: transaction.delete_client("client-1", now=NOW))
    assert register(store, client_name="Other") == blocked
    assert store.find_client("client-1") is None


def test_an_unblocked_client_may_register_again(store: Store) -> None:
    """Unblocking reaches deleted clients too, and gives back the way in, not the client."""
    register(store)
    store.write(lambda transaction: transaction.block_client("client-1", now=NOW))
    store.write(lambda transaction: transaction.delete_client("client-1", now=NOW))
    assert store.write(lambda transaction: transaction.unblock_client("client-1"))
    assert store.find_client("client-1") is None
    assert register(store) == a_client()


def test_blocking_twice_keeps_the_first_time(store: Store) -> None:
    """A second block is no error and moves nothing."""
    register(store)
    assert store.write(lambda transaction: transaction.block_client("client-1", now=NOW))
    assert store.write(lambda transaction: transaction.block_client("client-1", now=NOW + 9))
    assert store.find_client("client-1") == a_client(blocked_at=NOW)


def test_verbs_on_nobody_say_so(store: Store) -> None:
    """There is no such client: False, and nothing appears."""
    assert not store.write(lambda transaction: transaction.delete_client("client-1", now=NOW))
    assert not store.write(lambda transaction: transaction.block_client("client-1", now=NOW))
    assert not store.write(lambda transaction: transaction.unblock_client("client-1"))
    store.write(lambda transaction: transaction.touch_client("client-1", now=NOW))
    assert store.list_clients(limit=10, after="") == []


def test_a_use_is_noted_at_most_once_an_hour(store: Store) -> None:
    """The first use is written, the next one after an hour, none between."""
    register(store)

    def use(now: int) -> int | None:
        store.write(lambda transaction: transaction.touch_client("client-1", now=now))
        client = store.find_client("client-1")
        assert client is not None
        return client.last_used_at

    assert [use(now) for now in (NOW, NOW + 1, NOW + HOUR - 1, NOW + HOUR, NOW + HOUR + 1)] == [
        NOW,
        NOW,
        NOW,
        NOW + HOUR,
        NOW + HOUR,
    ]


def test_clients_are_listed_by_id_page_by_page(store: Store) -> None:
    """Pages follow one another in the order of client_id."""
    for name in "bdac":
        register(store, client_id=name)
    assert [client.client_id for client in store.list_clients(limit=2, after="")] == ["a", "b"]
    assert [client.client_id for client in store.list_clients(limit=2, after="b")] == ["c", "d"]
    assert store.list_clients(limit=2, after="d") == []


def test_clients_are_found_by_a_part_of_the_name_or_of_the_id(store: Store) -> None:
    """In either case; a percent sign stands for itself, and who was deleted is not found."""
    for client_id, name in (("a", "Visual Studio Code"), ("b", "Claude CODE"), ("c-code", "100%"), ("d", "Code")):
        register(store, client_id=client_id, client_name=name)
    store.write(lambda transaction: transaction.delete_client("d", now=NOW))

    def found(text: str, after: str = "") -> list[str]:
        return [client.client_id for client in store.search_clients(text, limit=9, after=after)]

    assert found("code") == ["a", "b", "c-code"]
    assert found("Code", after="a") == ["b", "c-code"]
    assert (found("%"), found("nothing")) == (["c-code"], [])


def keep(store: Store, **fields: object) -> Client:
    """Keep `a_client` as its document describes it."""
    return store.write(lambda transaction: transaction.keep_document_client(a_client(**fields)))


def test_a_client_of_a_document_is_kept_as_it_is_described_now(store: Store) -> None:
    """What the document says is replaced; when it was registered and used is not."""
    newer = {"client_name": "Newer", "metadata": "{}", "redirect_uris": ("x",), "grant_types": ("y",)}
    assert keep(store) == a_client()
    store.write(lambda transaction: transaction.touch_client("client-1", now=NOW + 1))

    expected = a_client(**newer, last_used_at=NOW + 1)
    assert keep(store, **newer, created_at=NOW + 5, last_used_at=None) == expected
    assert store.list_clients(limit=10, after="") == [expected]


def test_a_deleted_client_of_a_document_comes_back(store: Store) -> None:
    """As somebody new."""
    keep(store)
    store.write(lambda transaction: transaction.touch_client("client-1", now=NOW + 1))
    store.write(lambda transaction: transaction.delete_client("client-1", now=NOW + 2))

    assert keep(store, created_at=NOW + 5) == a_client(created_at=NOW + 5)
    assert store.find_client("client-1") == a_client(created_at=NOW + 5)


def test_a_blocked_client_of_a_document_stays_as_it_is(store: Store) -> None:
    """Deleted or not, it is not found again by being described again."""
    keep(store)
    store.write(lambda transaction: transaction.block_client("client-1", now=NOW + 1))
    assert keep(store, client_name="Newer") == a_client(blocked_at=NOW + 1)
    store.write(lambda transaction: transaction.delete_client("client-1", now=NOW + 2))
    assert keep(store, client_name="Newer").blocked
    assert store.find_client("client-1") is None
