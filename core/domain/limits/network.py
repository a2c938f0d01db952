"""Which network an address belongs to, for rates: an IPv4 address by itself, an IPv6 address by its /64."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """The network's name; an IPv4 address written as IPv6 counts as IPv4. What is no address is one network, "?"."""
    try:
        parsed = ip_address(address.split("%", 1)[0])
    except ValueError:
        return "?"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(parsed)
