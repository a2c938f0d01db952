"""Uses of grants by service: the last one each, for grants that there are, and bounded."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.administration.uses import MOST_SERVICES, GrantUse, GrantUses
from core.domain.errors import InvalidArgument
from core.store.sqlite.store import SqliteStore, open_store
from tests.domain.house import FILES, ISSUER, MCP, House
from tests.domain.road import (
    a_program,
    a_resource_server,
    asking_for_itself,
    connect,
    introspect,
    validate,
)
from tests.fakes.clock import ManualClock
from tests.store_contract.nouns import DAY, NOW, a_client, a_grant, a_user

_SERVICE = "https://mcp.example.com/mcp"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """With one grant."""
    opened = open_store(tmp_path / "database", on_commit=lambda _: None)
    opened.write(lambda tx: (tx.create_user(a_user()), tx.register_client(a_client()), tx.create_grant(a_grant())))
    yield opened
    opened.close()


@pytest.fixture
def clock() -> ManualClock:
    """At the grant's beginning."""
    return ManualClock(NOW)


def test_the_last_use_of_each_service_is_kept(store: SqliteStore, clock: ManualClock) -> None:
    """By the resource as it is compared (RFC 8707), the last one first; an id that is none is none."""
    uses, grant_id = GrantUses(store, clock), a_grant().id
    uses.note(_SERVICE, [grant_id.hex(), "not an id", "00" * 16, grant_id.hex().upper()])
    clock.advance(60)
    uses.note("https://OTHER.example.com/mcp", [grant_id.hex()])
    uses.write_down()
    first = store.list_uses(grant_id)
    clock.advance(60)
    uses.note(_SERVICE, [grant_id.hex()])
    uses.write_down()
    uses.write_down()

    assert first == [GrantUse("https://other.example.com/mcp", NOW + 60), GrantUse(_SERVICE, NOW)]
    assert [use.last_used_at for use in store.list_uses(grant_id)] == [NOW + 120, NOW + 60]
    assert store.rows("SELECT COUNT(*) FROM grant_uses") == [(2,)]


def test_nobody_makes_the_table_grow(store: SqliteStore, clock: ManualClock) -> None:
    """A service that makes up names or grants gets no further than a few rows of a grant that there is."""
    uses, grant_id = GrantUses(store, clock), a_grant().id
    for number in range(MOST_SERVICES + 5):
        uses.note(f"https://s{number}.example.com", [grant_id.hex(), f"{number:032x}"])
    uses.write_down()

    assert len(store.list_uses(grant_id)) == MOST_SERVICES
    assert store.rows("SELECT COUNT(*) FROM grant_uses") == [(MOST_SERVICES,)]


def test_uses_go_with_their_grant(store: SqliteStore, clock: ManualClock) -> None:
    """What is purged leaves no row behind."""
    uses = GrantUses(store, clock)
    uses.note(_SERVICE, [a_grant().id.hex()])
    uses.write_down()
    store.purge(now=NOW + 400 * DAY, limit=100)

    assert store.find_grant(a_grant().id) is None
    assert store.rows("SELECT COUNT(*) FROM grant_uses") == [(0,)]


def test_a_clock_in_doubt_dates_nothing(store: SqliteStore, clock: ManualClock) -> None:
    """A time from the future would stand above every right one."""
    clock.unconfirmed = True
    uses = GrantUses(store, clock)
    uses.note(_SERVICE, [a_grant().id.hex()])
    uses.write_down()

    assert store.list_uses(a_grant().id) == []


def test_what_is_no_resource_is_refused(store: SqliteStore, clock: ManualClock) -> None:
    """RFC 8707 §2: an absolute URI without a fragment."""
    with pytest.raises(InvalidArgument):
        GrantUses(store, clock).note("not a resource", [a_grant().id.hex()])


def test_services_that_ask_the_core_use_a_grant(house: House) -> None:
    """A validation that is good is a use at the service that has asked, whether by gRPC or as a client that introspects
    (RFC 7662); one that is refused, one for another service and a program's own token are none."""
    connection = connect(house, MCP)
    grant_id = connection.grant().id
    token, began = connection.tokens.access_token, house.clock.now()
    assert validate(house, token, "HTTPS://MCP.example.com/mcp")
    assert validate(house, token, FILES) is None
    house.uses.write_down()
    first = house.store.list_uses(grant_id)
    house.clock.advance(60)
    assert introspect(house, token, *_introspecting(house, MCP))
    house.uses.write_down()
    second = house.store.list_uses(grant_id)
    house.grants.revoke(grant_id.hex())
    house.clock.advance(60)
    assert validate(house, token, MCP) is None
    house.uses.write_down()

    assert first == [GrantUse(MCP, began)]
    assert second == house.store.list_uses(grant_id) == [GrantUse(MCP, began + 60)]


def _introspecting(house: House, *resources: str) -> tuple[str, str]:
    client, secret = a_resource_server(house, *resources)
    return client.client_id, secret


def test_a_programs_own_token_is_no_grants(house: House) -> None:
    """RFC 6749 §4.4: there is no grant, so there is nothing that was used."""
    client, secret = a_program(house)
    token = house.tokens.issue(asking_for_itself(client.client_id, secret, scope="mcp")).access_token
    assert validate(house, token)
    house.uses.write_down()
    assert house.store.rows("SELECT COUNT(*) FROM grant_uses WHERE service = ?", (ISSUER,)) == [(0,)]
