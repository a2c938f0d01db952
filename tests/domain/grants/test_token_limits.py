"""Limits.TokenRequests and Limits.TokenRequestsPerNetwork: per client and network, per client, and per network."""

import secrets
from dataclasses import replace

import pytest

from core.domain.clients.authentication import ClientCredentials
from core.domain.clients.client import Client
from core.domain.errors import InvalidGrant, TooManyAttempts
from core.domain.grants.token_request import RefreshParameters, TokenRequest
from core.domain.limits.rate import Rate
from tests.domain.house import House
from tests.domain.road import a_client, a_network_that_is_known, connect, refreshing

LIMIT = Rate(2, 600)


def _ask(house: House, client: Client, network_address: str) -> bool:
    """Ask for tokens in vain; False where that was one try too many."""
    request = TokenRequest(
        grant=RefreshParameters("no refresh token", None),
        client=ClientCredentials(client.client_id, None, "none"),
        resources=(),
        attempt_id=secrets.token_bytes(16),
        network_address=network_address,
    )
    try:
        house.tokens.issue(request)
    except TooManyAttempts:
        return False
    except InvalidGrant:
        return True
    raise AssertionError("no such token was ever given out")


def test_a_client_has_tries_in_each_network_and_ten_times_as_many_in_all(house: House) -> None:
    """One machine that runs wild is slowed down where it is; the same client elsewhere goes on, and so do others."""
    wild, other = a_client(house), a_client(house)
    with house.under(token_requests=LIMIT):
        assert [_ask(house, wild, "192.0.2.1") for _ in range(3)] == [True, True, False]
        assert _ask(house, other, "192.0.2.1")
        assert all(_ask(house, wild, f"198.51.100.{n // 2}") for n in range(18))
        assert not _ask(house, wild, "203.0.113.1")
        house.restart()
        assert not _ask(house, wild, "203.0.113.1")
        assert _ask(house, other, "203.0.113.1")


def test_whoever_names_a_client_everywhere_keeps_nobody_out_where_somebody_has_signed_in(house: House) -> None:
    """A public client's id is everybody's to name (RFC 6749 §2.2): a network that is known has its own tries for it."""
    client, known = a_client(house), a_network_that_is_known(house)
    with house.under(token_requests=LIMIT):
        assert all(_ask(house, client, f"198.51.100.{n // 2}") for n in range(20))
        assert not _ask(house, client, "203.0.113.1")
        assert [_ask(house, client, known) for _ in range(3)] == [True, True, False]


def test_a_network_has_tries_whichever_clients_ask(house: House) -> None:
    """Who tries one client after the other from one network is slowed down, and nobody elsewhere is; over restarts."""
    clients = [a_client(house) for _ in range(4)]
    with house.under(token_requests_per_network=LIMIT):
        assert [_ask(house, client, "2001:db8:7::1") for client in clients] == [True, True, False, False]
        house.restart()
        assert not _ask(house, clients[0], "2001:db8:7::2")
        assert _ask(house, clients[0], "2001:db8:8::1")
        house.clock.advance(300)
        assert _ask(house, clients[0], "2001:db8:7::1")


@pytest.mark.parametrize("restarted", [False, True], ids=["at once", "after a crash"])
def test_an_attempt_that_is_made_again_is_counted_once(house: House, *, restarted: bool) -> None:
    """The facade asks again where an answer was lost: with the last try spent it gets that answer, and no other."""
    client = a_client(house)
    refresh_token = connect(house, client=client).refresh_token
    with house.under(token_requests=Rate(1, 600)):
        refresh = refreshing(client.client_id, refresh_token)
        first = house.tokens.issue(refresh)
        if restarted:
            house.restart()
        assert house.tokens.issue(refresh).refresh_token == first.refresh_token
        with pytest.raises(TooManyAttempts):
            house.tokens.issue(replace(refresh, attempt_id=secrets.token_bytes(16)))
        house.clock.advance(60)
        with pytest.raises(TooManyAttempts):
            house.tokens.issue(refresh)


@pytest.mark.parametrize("rate", [Rate(0, 0)])
def test_where_both_are_off_nothing_is_counted(house: House, rate: Rate) -> None:
    """A refresh writes no more than its grant."""
    client = a_client(house)
    before = house.store.rows("SELECT key FROM rates")
    with house.under(token_requests=rate, token_requests_per_network=rate):
        assert all(_ask(house, client, "192.0.2.9") for _ in range(5))
    assert house.store.rows("SELECT key FROM rates") == before
