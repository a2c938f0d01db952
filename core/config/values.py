"""Plain values as operators write them. Every parser raises ValueError with what is allowed, in words."""

import base64
import re
from ipaddress import IPv4Network, IPv6Network, ip_network

from core.domain.authorization.scope import OFFLINE_ACCESS
from core.domain.limits.rate import Rate
from core.domain.policy import Scope
from core.domain.scope_names import is_scope_name

Network = IPv4Network | IPv6Network

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"([0-9]{1,9})([smhd])")
_RATE = re.compile(r"([0-9]{1,7})/([0-9]{0,6})([smhd])")
_LONGEST_SCOPE = 128
_SCOPE = re.compile(r"(\S+?):\s+(\S.*)")
_BOOLEANS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_MAXIMUM_RATE_PER_SECOND = 1000


def parse_boolean(text: str) -> bool:
    """true, yes, on, 1 or false, no, off, 0; in any case."""
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise ValueError("true or false") from None


def show_boolean(value: bool) -> str:
    """As it is written in the file."""
    return "true" if value else "false"


def parse_duration(text: str) -> int:
    """A whole number and one unit, or 0; in seconds."""
    if text == "0":
        return 0
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("a whole number with s, m, h or d, such as 90s or 30d")
    return int(match[1]) * _UNITS[match[2]]


def show_duration(seconds: int) -> str:
    """The shortest way to write it: 1h, not 3600s."""
    unit = next((unit for unit in "dhm" if seconds and seconds % _UNITS[unit] == 0), "s")
    return f"{seconds // _UNITS[unit]}{unit}"


def show_duration_or_never(seconds: int | None) -> str:
    """As `show_duration`; None is `never`."""
    return "never" if seconds is None else show_duration(seconds)


def parse_rate(text: str) -> Rate:
    """`COUNT/PERIOD`, such as 10/15m or 600/h; 0 is off."""
    if text == "0":
        return Rate(0, 0)
    match = _RATE.fullmatch(text)
    if match is not None:
        rate = Rate(int(match[1]), int(match[2] or "1") * _UNITS[match[3]])
        if 0 < rate.count <= rate.period * _MAXIMUM_RATE_PER_SECOND:
            return rate
    raise ValueError(
        f"COUNT/PERIOD, such as 10/15m or 600/h, at most {_MAXIMUM_RATE_PER_SECOND} a second; or 0 for off"
    )


def show_rate(rate: Rate) -> str:
    """As it is written in the file."""
    return f"{rate.count}/{show_duration(rate.period)}" if rate.count else "0"


def parse_network(text: str) -> Network:
    """One address, or a network in CIDR form whose host bits are zero."""
    try:
        return ip_network(text)
    except ValueError:
        raise ValueError("an IP address or a network such as 10.0.0.0/8 or fd00::/8, host bits zero") from None


def parse_scope(text: str) -> Scope:
    """`name: what the consent page says`."""
    match = _SCOPE.fullmatch(text)
    if match is None or len(match[2]) > 200:
        raise ValueError("`name: what the consent page says`, in at most 200 characters")
    return Scope(parse_scope_name(match[1]), match[2])


def parse_scope_name(text: str) -> str:
    """A scope-token of RFC 6749 §3.3 that is not built in."""
    if not is_scope_name(text) or len(text) > _LONGEST_SCOPE:
        raise ValueError("a scope-token of RFC 6749 §3.3: printable ASCII without spaces, quotes and backslashes")
    if text == OFFLINE_ACCESS.name:
        raise ValueError(f"any scope but {OFFLINE_ACCESS.name}, which is built in")
    return text


def parse_master_key(text: str) -> bytes:
    """base64url (RFC 4648 §5) of 32 bytes, padded or not."""
    allowed = "base64url of 32 random bytes (43 characters)"
    unpadded = text.removesuffix("=")
    if re.fullmatch(r"[A-Za-z0-9_-]{43}", unpadded) is None:
        raise ValueError(allowed)
    return base64.urlsafe_b64decode(unpadded + "=")
