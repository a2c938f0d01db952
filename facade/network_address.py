"""Who is asking, as a network address: for rate limits, never as an identity.

The peer's address, unless the peer is a proxy the operator trusts; then the rightmost address in X-Forwarded-For that
is not such a proxy. Nothing else that a request says about where it came from or went to is ever read.
"""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from facade.settings import Network

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def find_network_address(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str:
    """The address as text; the peer's own text where it is no IP address (a unix socket).

    `forwarded_for` holds the values of all X-Forwarded-For headers in the order they came.
    """
    nearest = _parse(peer)
    if nearest is None:
        return peer
    hops = [hop for value in forwarded_for for hop in value.split(",")]
    while _is_trusted(nearest, trusted) and hops:
        hop = _parse(hops.pop())
        if hop is None:
            break
        nearest = hop
    return str(nearest)


def is_trusted(peer: str, trusted: Sequence[Network]) -> bool:
    """Whether the peer is one of the operator's proxies; a unix socket's is none."""
    address = _parse(peer)
    return address is not None and _is_trusted(address, trusted)


def _is_trusted(address: IpAddress, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)


@lru_cache(maxsize=4096)
def _parse(text: str) -> IpAddress | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
