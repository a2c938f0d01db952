"""Plain values: booleans, durations, rates, networks, scopes, the master key."""

import base64
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.values import (
    parse_boolean,
    parse_duration,
    parse_master_key,
    parse_network,
    parse_rate,
    parse_scope,
    show_duration,
    show_rate,
)
from core.domain.limits.rate import Rate
from core.domain.policy import Scope


@pytest.mark.parametrize("text", ["true", "TRUE", "yes", "on", "1"])
def test_true(text: str) -> None:
    """Four words are true, in any case, as in git."""
    assert parse_boolean(text) is True


@pytest.mark.parametrize("text", ["false", "No", "off", "0"])
def test_false(text: str) -> None:
    """Four words are false, in any case, as in git."""
    assert parse_boolean(text) is False


@pytest.mark.parametrize("text", ["", "2", "enabled", "truee", "wahr"])
def test_neither_true_nor_false(text: str) -> None:
    """No other word is a boolean: a typing error never switches anything."""
    with pytest.raises(ValueError, match="true or false"):
        parse_boolean(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("0s", 0), ("90s", 90), ("15m", 900), ("1h", 3600), ("30d", 2_592_000)]
)
def test_duration(text: str, seconds: int) -> None:
    """A duration is a whole number with s, m, h or d, or 0 (README, Every setting)."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "60", "1.5h", "-1s", "1 h", "1h30m", "1w", "h", "١s", "9999999999s"])
def test_refused_duration(text: str) -> None:
    """A number without a unit, a fraction or another unit is no duration (README, Every setting)."""
    with pytest.raises(ValueError, match="s, m, h or d"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=999_999_999))
def test_duration_round_trip(seconds: int) -> None:
    """What is shown is what can be written: `config show` prints durations that the file takes."""
    assert parse_duration(show_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "rate"),
    [("10/15m", Rate(10, 900)), ("600/h", Rate(600, 3600)), ("1/2d", Rate(1, 172_800)), ("1000/s", Rate(1000, 1))],
)
def test_rate(text: str, rate: Rate) -> None:
    """A rate is COUNT/PERIOD; a period without a number is one of its unit (README, Every setting)."""
    assert parse_rate(text) == rate
    assert parse_rate(show_rate(rate)) == rate


def test_rate_off() -> None:
    """0 switches a rate off (README, [Limits])."""
    assert parse_rate("0").count == 0
    assert show_rate(parse_rate("0")) == "0"


@pytest.mark.parametrize("text", ["", "10", "0/15m", "10/0s", "10/15", "/15m", "10 / 15m", "-1/s", "1001/s"])
def test_refused_rate(text: str) -> None:
    """A rate that would never allow anything, or more than 1000 a second, is refused."""
    with pytest.raises(ValueError, match="COUNT/PERIOD"):
        parse_rate(text)


@pytest.mark.parametrize("text", ["10.0.0.0/8", "192.0.2.1", "fd00::/8", "::1"])
def test_network(text: str) -> None:
    """TrustedProxy takes addresses and networks of both families (README, [Server])."""
    assert parse_network(text) == ip_network(text)


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0.0/33", "proxy.example.com", "10/8", "fe80::1%eth0/64"])
def test_refused_network(text: str) -> None:
    """Host bits that are set are a typing error, and names are not trusted."""
    with pytest.raises(ValueError, match="host bits zero"):
        parse_network(text)


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("mcp: Use MCP servers as you", Scope("mcp", "Use MCP servers as you")),
        ("read:users:   See who is there: names", Scope("read:users", "See who is there: names")),
        ("https://a.example/all: Everything", Scope("https://a.example/all", "Everything")),
    ],
)
def test_scope(text: str, scope: Scope) -> None:
    """A scope's name may hold colons (RFC 6749 §3.3); the first one before white space ends it."""
    assert parse_scope(text) == scope


@pytest.mark.parametrize(
    "text", ["mcp", "mcp:", "mcp:words", ": words", 'm"c: words', "m\\c: words", "mcp: " + "x" * 201]
)
def test_refused_scope(text: str) -> None:
    """A scope needs a scope-token of RFC 6749 §3.3 and words for the consent page."""
    with pytest.raises(ValueError, match=r"consent page|scope-token"):
        parse_scope(text)


def test_offline_access_is_built_in() -> None:
    """offline_access cannot be defined again: it is always known (README, [OAuth])."""
    with pytest.raises(ValueError, match="built in"):
        parse_scope("offline_access: Stay")


@given(st.binary(min_size=32, max_size=32), st.booleans())
def test_master_key(key: bytes, padded: bool) -> None:
    """The master key is base64url of 32 bytes, with or without padding (README, [Keys])."""
    text = base64.urlsafe_b64encode(key).decode()

    assert parse_master_key(text if padded else text.rstrip("=")) == key


@pytest.mark.parametrize("text", ["", "short", "A" * 42, "A" * 44, "+" + "A" * 42, "A" * 42 + "!"])
def test_refused_master_key(text: str) -> None:
    """Any other text is no master key, and the refusal does not repeat it."""
    with pytest.raises(ValueError, match="32 random bytes") as caught:
        parse_master_key(text)

    assert not text or text not in str(caught.value)
