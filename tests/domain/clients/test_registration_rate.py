"""Registrations are open to everybody, so they are counted by network."""

import pytest

from core.domain.errors import TooManyAttempts
from core.domain.limits.rate import Rate
from tests.domain.house import House
from tests.domain.road import register

BODY = {"redirect_uris": ["http://localhost/callback"]}

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
            register(house, BODY, network_address=first)
        with pytest.raises(TooManyAttempts) as caught:
            register(house, BODY, network_address=first)
        assert caught.value.retry_after == 1800
        if same:
            with pytest.raises(TooManyAttempts):
                register(house, BODY, network_address=second)
        else:
            register(house, BODY, network_address=second)
        house.clock.advance(1800)
        register(house, BODY, network_address=first)


def test_registrations_without_a_rate_are_not_counted(house: House) -> None:
    """Limits.Registrations = 0 is off."""
    for _ in range(50):
        register(house, BODY)
