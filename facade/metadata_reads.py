"""Who read the metadata document, counted until the core is told: the first step of a client that connects.

Operators look at it (`tokenhouse doctor connections`); nothing is decided by it. A read costs a look into a dictionary.
"""

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sanic import Request
from tokenhouse.v1 import discovery_pb2

from facade.network_address import find_network_address
from facade.settings import Network

#: Kinds of reads that are told at once; those beyond it are not told.
_MOST = 256
#: And of them, those of one network, which must not take the others' places.
_MOST_OF_ONE = 32
#: In characters, of what a client has sent.
_LONGEST = 256
#: What clients of OAuth look for (RFC 8414 §3.1; OpenID Connect Discovery §4), below whatever path.
_DOCUMENTS = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")


@dataclass(frozen=True, slots=True)
class ReadOf:
    """What was asked for, as it was sent, and by way of whom."""

    host: str
    path: str
    found: bool
    forwarded_for: tuple[str, ...]
    #: All of it in one string, whose hash is made once; no header's value has a line's end in it.
    key: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        key = "\n".join((self.host, self.path, str(self.found), *self.forwarded_for))
        object.__setattr__(self, "key", key)


def find_read(request: Request, status: int) -> ReadOf | None:
    """What a request asked for, where that is a metadata document, and whether it got it."""
    if request.method not in ("GET", "HEAD") or not any(document in request.path for document in _DOCUMENTS):
        return None
    headers = request.headers
    host = headers.get("host", "")[:_LONGEST]
    return ReadOf(host, request.path[:_LONGEST], status in (200, 304), tuple(headers.getall("x-forwarded-for", [])))


@dataclass(slots=True)
class _Waiting:
    read: ReadOf
    address: str
    #: When the first of them was, by the loop's clock.
    first: float
    count: int = 1


class MetadataReads:
    """Reads that the core has not been told of. Create it inside the event loop."""

    def __init__(self, trusted_proxies: Sequence[Network]) -> None:
        self._trusted_proxies = trusted_proxies
        #: By what was asked for, and by whom.
        self._waiting: dict[tuple[str, str], _Waiting] = {}
        self._of_network: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._waiting)

    def note(self, read: ReadOf, peer: str) -> None:
        """Count a read; `peer` is the network address of whoever is connected."""
        known = self._waiting.get((read.key, peer))
        if known is not None:
            known.count += 1
        elif len(self._waiting) < _MOST:
            address = find_network_address(peer, read.forwarded_for, self._trusted_proxies)
            network = _network_of(address)
            if self._of_network[network] < _MOST_OF_ONE:
                self._of_network[network] += 1
                self._waiting[read.key, peer] = _Waiting(read, address, asyncio.get_running_loop().time())

    def take(self) -> list[discovery_pb2.MetadataReads]:
        """All of them, as the core is told, and begin anew."""
        taken, self._waiting = self._waiting, {}
        self._of_network.clear()
        now = asyncio.get_running_loop().time()
        return [
            discovery_pb2.MetadataReads(
                network_address=each.address,
                host=each.read.host,
                path=each.read.path,
                found=each.read.found,
                count=each.count,
                ago_ms=int((now - each.first) * 1000),
            )
            for each in taken.values()
        ]


def _network_of(address: str) -> str:
    """As the core tells networks apart: an IPv6 address by its /64. A socket's name is one of its own."""
    try:
        return ":".join(ipaddress.IPv6Address(address).exploded.split(":")[:4])
    except ValueError:
        return address
