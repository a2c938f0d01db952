"""Which addresses are public: those that no registry of special purposes has (RFC 6890 and what updates it).

A table of our own, and not `ipaddress.is_global`: its answers have changed from one Python to the next. What no table
knows is a NAT64 prefix that a network has given itself (RFC 6052 §2.2); TLS still keeps whoever stands behind it from
being asked anything.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

# https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast (RFC 5771).
_SPECIAL_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Whatever IPv6 gives out for the public is in there (RFC 4291 §2.4): mapped and compatible IPv4, NAT64, discard-only,
# unique local, link-local, site-local and multicast are not.
_PUBLIC_6 = IPv6Network("2000::/3")
# https://www.iana.org/assignments/iana-ipv6-special-registry, as far as it lies within: protocol assignments (Teredo,
# ORCHID and others), documentation twice, 6to4, AS112.
_SPECIAL_6 = tuple(
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def parse_address(text: str) -> Address:
    """An address as a resolver tells it. Raises ValueError: it is none, or has a zone."""
    if "%" in text:
        raise ValueError(text)
    return ip_address(text)


def is_public(address: Address) -> bool:
    """Whether this is a place that everybody can reach."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_4)
    return address in _PUBLIC_6 and not any(address in network for network in _SPECIAL_6)


def is_loopback(address: Address) -> bool:
    """Whether this is this very machine, in the two plain ways to say so."""
    return any(address.version == network.version and address in network for network in _LOOPBACK)
