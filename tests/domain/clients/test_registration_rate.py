"""Registrations are open to everybody, so they are counted by network."""

import secrets

import pytest

from core.domain.errors import TooManyAttempts
from core.domain.limits.known_network import KNOWN_FOR
from core.domain.limits.rate import Rate
from tests.domain.house import House
from tests.domain.road import a_network_that_is_known, register

BODY = {"redirect_uris": ["http://localhost/callback"]}


def a_new_client(house: House, network_address: str) -> None:
    """Registers a client that nobody has seen."""
    register(house, {**BODY, "client_name": secrets.token_hex(8)}, network_address=network_address)


SAME_NETWORK = [
    ("192.0.2.7", "192.0.2.7", True),
    ("192.0.2.7", "192.0.2.8", False),
    ("192.0.2.9", "::ffff:192.0.2.9", True),
    ("192.0.2.10", "::ffff:c000:20a", True),
    ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", True),
    ("2001:db8:0:2::1", "2001:DB8:0:2:0:0:0:1", True),
    ("2001:db8:0:3::1", "2001:db8:0:4::1", False),
    ("fe80::1%eth0", "fe80::1%eth1", True),
    ("", "no address", True),
]


@pytest.mark.parametrize(("first", "second", "same"), SAME_NETWORK)
def test_registrations_are_counted_by_network(house: House, first: str, second: str, same: bool) -> None:
    """CVE-2026-45364: an IPv4 address by itself, IPv6 by its /64, mapped addresses unfolded; spelling is no network."""
    with house.under(registrations=Rate(2, 3600)):
        house.clock.advance(2 * 3600)
        for _ in range(2):
            a_new_client(house, first)
        with pytest.raises(TooManyAttempts) as caught:
            a_new_client(house, first)
        assert caught.value.retry_after == 1800
        if same:
            with pytest.raises(TooManyAttempts):
                a_new_client(house, second)
        else:
            a_new_client(house, second)
        house.clock.advance(1800)
        a_new_client(house, first)


def test_registrations_without_a_rate_are_not_counted(house: House) -> None:
    """Limits.Registrations = 0 is off."""
    for _ in range(50):
        a_new_client(house, "192.0.2.1")


def test_a_known_client_registers_again_whatever_others_do(house: House) -> None:
    """RFC 6585 §4: budgets are for new rows. Hosted tools register on each connection, from addresses that all share
    (their client_id stays the same), and no flood of new clients shuts them out."""
    known = register(house, BODY, network_address="203.0.113.1")
    with house.under(registrations=Rate(1, 3600)):
        house.clock.advance(8 * 3600)
        a_new_client(house, "203.0.113.1")
        with pytest.raises(TooManyAttempts):
            a_new_client(house, "203.0.113.1")
        for _ in range(3):
            assert register(house, BODY, network_address="203.0.113.1")["client_id"] == known["client_id"]


def test_all_networks_together_have_a_budget(house: House) -> None:
    """Four times what one network may; what it refuses costs the network nothing, and a restart forgets nothing."""
    with house.under(registrations=Rate(2, 3600)):
        house.clock.advance(8 * 3600)
        for number in range(8):
            a_new_client(house, f"198.51.100.{number}")
        with pytest.raises(TooManyAttempts) as caught:
            a_new_client(house, "198.51.100.200")
        assert caught.value.retry_after == 450
        house.restart()
        with pytest.raises(TooManyAttempts):
            a_new_client(house, "198.51.100.200")
        house.clock.advance(2 * 450)
        for _ in range(2):
            a_new_client(house, "198.51.100.200")


def test_whoever_comes_from_many_networks_keeps_nobody_out_where_somebody_has_signed_in(house: House) -> None:
    """Limits.Registrations in all is for networks from which nobody has signed in within a month: one line with IPv6
    is as many as it likes (RFC 6177 §2). A network that is known has its own and no more, over restarts, too."""
    with house.under(registrations=Rate(2, 3600)):
        house.clock.advance(8 * 3600)
        known = a_network_that_is_known(house)
        for number in range(8):
            a_new_client(house, f"2001:db8:0:{number + 16:x}::1")
        house.restart()
        with pytest.raises(TooManyAttempts):
            a_new_client(house, "2001:db8:1::1")
        for _ in range(2):
            a_new_client(house, known)
        with pytest.raises(TooManyAttempts):
            a_new_client(house, known)
        house.clock.advance(KNOWN_FOR)
        for number in range(8):
            a_new_client(house, f"2001:db8:0:{number + 32:x}::1")
        with pytest.raises(TooManyAttempts):
            a_new_client(house, known)
