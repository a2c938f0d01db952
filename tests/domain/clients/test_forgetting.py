"""Registrations do not pile up: what nobody wants any more is forgotten, a page at a time."""

import pytest

from core.domain.clients.forgetting import Forgetting
from core.domain.errors import InvalidClient
from core.domain.policy import RegistrationMode, RegistrationPolicy
from tests.domain.house import DAY, House
from tests.domain.road import a_client, asked, connect, refreshing, refusal_of, start


def go_round(house: House, *, limit: int = 1000) -> int:
    """Looks at every client once; how many were forgotten."""
    forgetting, forgotten = Forgetting(house.store, house.policy), 0
    pages = -(-len(house.store.list_clients(limit=1000, after="")) // limit)
    for _ in range(pages):
        forgotten += forgetting.step(now=house.clock.now(), limit=limit)
    return forgotten


def test_a_client_that_was_never_authorized_goes_after_a_week(house: House) -> None:
    """Registration.UnauthorizedLifetime; at the token endpoint it is invalid_client then (RFC 6749 §5.2), at the
    authorization endpoint a page, and it may register again under the same id."""
    client, other = a_client(house), connect(house)
    house.clock.advance(7 * DAY - 1)
    assert go_round(house) == 0
    house.clock.advance(1)
    assert go_round(house) >= 1
    assert house.store.find_client(client.client_id) is None
    assert refusal_of(house, refreshing(client.client_id, other.refresh_token)) == "InvalidClient"
    with pytest.raises(InvalidClient):
        start(house, asked(client), "")


def test_a_client_with_a_live_grant_stays_as_long_as_that(house: House) -> None:
    """Whatever the setting says: a fixed end would have everybody connect again."""
    connection = connect(house)
    short = RegistrationPolicy(RegistrationMode.OPEN, unauthorized_lifetime=3600, unused_lifetime=DAY)
    with house.under(registration=short):
        house.clock.advance(29 * DAY)
        go_round(house)
        assert refusal_of(house, refreshing(connection.client.client_id, connection.refresh_token)) == ""
        house.clock.advance(31 * DAY)
        go_round(house)
    assert house.store.find_client(connection.client.client_id) is None


def test_each_step_looks_at_so_many_clients(house: House) -> None:
    """However many there are, one step is short; one round sees all of them."""
    for _ in range(7):
        a_client(house)
    house.clock.advance(8 * DAY)
    forgetting = Forgetting(house.store, house.policy)
    assert all(forgetting.step(now=house.clock.now(), limit=2) <= 2 for _ in range(3))
    assert go_round(house, limit=2) >= 1
    assert all(house.store.find_client(c.client_id) for c in house.store.list_clients(limit=500, after=""))
