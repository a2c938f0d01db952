"""Rates: a burst at once, then one at a time, and never more than that."""

import secrets

import pytest

from core.domain.errors import TooManyAttempts
from core.domain.limits.key import LimitKey
from core.domain.limits.network import network_of
from core.domain.limits.rate import Rate, require_slot
from tests.domain.house import House


def _take(house: House, key: bytes, rate: Rate) -> int:
    """0 where a slot was free, else how long to wait, in seconds."""
    now_ms = house.clock.now_ms()
    try:
        house.store.write(lambda tx: require_slot(tx, key, rate, now_ms=now_ms, what="tries"))
    except TooManyAttempts as refusal:
        return refusal.retry_after
    return 0


@pytest.mark.parametrize("rate", [Rate(1, 60), Rate(10, 900), Rate(3, 10), Rate(60, 3600)])
def test_a_rate_allows_its_burst_then_one_an_interval(house: House, rate: Rate) -> None:
    """GCRA: count at once, then one more each period / count; waiting makes up for no more than the burst."""
    key = secrets.token_bytes(16)
    for _ in range(2):
        for _ in range(rate.count):
            assert _take(house, key, rate) == 0
        wait = _take(house, key, rate)
        assert wait == -(-rate.period // rate.count)
        house.clock.advance(rate.interval_ms / 1000)
        assert _take(house, key, rate) == 0
        assert _take(house, key, rate) > 0
        house.clock.advance(10 * rate.period)


def test_who_is_refused_waits_no_longer_for_trying(house: House) -> None:
    """A refused try spends nothing: nobody is locked out for good by somebody who keeps trying."""
    key, rate = secrets.token_bytes(16), Rate(2, 20)
    for _ in range(2):
        _take(house, key, rate)
    for _ in range(9):
        assert _take(house, key, rate) == 10
    house.clock.advance(10)
    assert _take(house, key, rate) == 0


def test_a_slot_may_be_given_back_and_a_bucket_cleared(house: House) -> None:
    """Successes cost nothing; giving back where nothing was taken makes no credit."""
    key, rate = secrets.token_bytes(16), Rate(2, 20)
    house.store.write(lambda tx: tx.give_slot_back(key, interval_ms=rate.interval_ms))
    assert [_take(house, key, rate) for _ in range(3)] == [0, 0, 10]
    house.store.write(lambda tx: tx.give_slot_back(key, interval_ms=rate.interval_ms))
    assert [_take(house, key, rate) for _ in range(2)] == [0, 10]
    house.store.write(lambda tx: tx.clear_slots(key))
    assert [_take(house, key, rate) for _ in range(3)] == [0, 0, 10]


def test_a_rate_survives_a_restart(house: House) -> None:
    """Restarting gives nobody a fresh start."""
    key, rate = secrets.token_bytes(16), Rate(1, 60)
    assert _take(house, key, rate) == 0
    house.restart()
    assert _take(house, key, rate) == 60


def test_buckets_are_named_by_a_hash() -> None:
    """The table of buckets names nobody, and parts cannot be shifted into one another."""
    assert len(LimitKey.of("login account", account="ada")) == 16
    assert LimitKey.of("token", account="ab", network="c") != LimitKey.of("token", account="a", network="bc")
    assert LimitKey.of("token", account="ab") != LimitKey.of("login", account="ab")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", "?"),
        ("unknown", "?"),
        ("192.0.2.1:1234", "?"),
        ("192.0.2.01", "?"),
        ("[2001:db8::1]", "?"),
    ],
)
def test_a_network_is_an_ipv4_address_or_an_ipv6_64(address: str, network: str) -> None:
    """CVE-2026-45364: parsed, mapped addresses unfolded, never the raw text."""
    assert network_of(address) == network
