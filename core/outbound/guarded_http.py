"""The one place that fetches a URL, so that whoever chose the URL reaches nothing through this server (SSRF).

A name is resolved once, every address it has is looked at, and the connection goes to an address that was looked at: no
second answer of a resolver counts. TLS is held against the name. There are no redirects, no proxies, no cookies, no
compression; a few kilobytes at most, and a few seconds for everything.
"""

import functools
import http.client
import itertools
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from core.domain.sayings import say
from core.outbound.bounded_stream import BoundedStream, TooMuch
from core.outbound.network import Network, SystemNetwork
from core.outbound.resolving import NotResolved, Resolver, ResolverBusy
from core.outbound.special_addresses import Address, is_loopback, is_public, parse_address

#: In seconds, from the first question to the last byte.
TIME = 3.0
#: Of an answer's body, in bytes.
BODY_BYTES = 5 * 1024
_HEAD_BYTES = 16 * 1024
#: A name with more addresses has the others in vain.
_ADDRESSES = 4
#: An address that does not answer leaves time for the next one, in seconds.
_TIME_PER_ADDRESS = 1.0
_LOOPBACK = ("127.0.0.1", "::1")
#: Early Hints and their like; http.client knows of 100 alone.
_INTERIM = range(102, 200)


class CannotFetch(Exception):
    """There is no answer; `reason` is for whoever chose the URL, `detail` for the operator alone."""

    def __init__(
        self, reason: str, detail: object = "", *, before_asking: bool = False, too_late: bool = False
    ) -> None:
        """`before_asking`: the host never learned what is wanted from it. `too_late`: it did, and said nothing."""
        super().__init__(reason)
        self.reason = reason
        self.detail = str(detail)
        self.before_asking = before_asking
        self.too_late = too_late


class TooBusy(Exception):
    """This server has too many fetches on its way; nobody was asked."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked of a host, and how much of an answer is wanted."""

    method: str
    #: Path and query.
    target: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    #: Of the answer's body, in bytes.
    most: int = BODY_BYTES


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, whole; header names in lower case, several values of one name joined (RFC 9110 §5.3)."""

    status: int
    headers: dict[str, str]
    body: bytes


class GuardedHttp:
    """Fetches from public places, and from this machine where it is told so."""

    def __init__(
        self,
        network: Network | None = None,
        trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        time: float = TIME,
    ) -> None:
        """`time` is for everything, in seconds.

        `trust` makes what certificates are held against: by default the system's, read at the first use.
        """
        self._network = network or SystemNetwork()
        self._resolver = Resolver(self._network)
        self._trust = functools.cache(trust)
        self._time = time

    def get(self, host: str, port: int, target: str, *, accept: str, loopback: bool = False) -> Answer:
        """GET `https://host:port` + `target`; an IPv6 host stands in brackets.

        `loopback`: a host that is this very machine's may be asked, and at its own addresses only.

        Raises:
            CannotFetch, TooBusy
        """
        return self.ask(host, port, Asking("GET", target, (("Accept", accept),)), loopback=loopback)

    def ask(
        self, host: str, port: int, asking: Asking, *, loopback: bool = False, operators_own: bool = False
    ) -> Answer:
        """As `get`, with a method and a body.

        `operators_own`: the operator has named this very host, so its addresses may be of any network.

        Raises:
            CannotFetch, TooBusy
        """
        until = monotonic() + self._time
        addresses = self._choose_addresses(host, until, loopback or operators_own, operators_own)
        connection = self._connect(host, addresses, port, until)
        with connection:
            secured = self._secure(connection, host, until)
            with secured:
                return _ask(secured, host if port == 443 else f"{host}:{port}", asking, until)

    def _choose_addresses(self, host: str, until: float, loopback: bool, operators_own: bool) -> Sequence[Address]:
        if loopback and host == "localhost":
            # RFC 6761 §6.3: nobody else is asked what it is.
            return [parse_address(text) for text in _LOOPBACK]
        if loopback and (own := _find_loopback(host)) is not None:
            return [own]
        try:
            found = self._resolver.resolve(host, until)
        except NotResolved as failure:
            raise CannotFetch(say("host_leads_nowhere"), failure, before_asking=True) from None
        except ResolverBusy:
            raise TooBusy from None
        try:
            addresses = [parse_address(text) for text in found]
        except ValueError as error:
            raise _not_public(error) from None
        # One that is not public among several is one too many: it may be the one that a second look would choose.
        special = [address for address in addresses if not is_public(address)]
        if special and not operators_own:
            raise _not_public(special[0])
        return _in_turns(addresses)[:_ADDRESSES]

    def _connect(self, host: str, addresses: Sequence[Address], port: int, until: float) -> socket.socket:
        failures = []
        for number, address in enumerate(addresses, start=1):
            remaining = until - monotonic()
            if remaining <= 0:
                break
            timeout = remaining if number == len(addresses) else min(remaining, _TIME_PER_ADDRESS)
            try:
                return self._network.connect(str(address), port, timeout)
            except OSError as error:
                failures.append(f"{address}: {error}")
        raise CannotFetch(say("host_unreachable"), "; ".join(failures), before_asking=True)

    def _secure(self, connection: socket.socket, host: str, until: float) -> ssl.SSLSocket:
        try:
            connection.settimeout(max(0.001, until - monotonic()))
            return self._trust().wrap_socket(connection, server_hostname=host.strip("[]"))
        except ssl.SSLCertVerificationError as error:
            raise CannotFetch(say("host_certificate"), error, before_asking=True) from None
        except OSError as error:
            raise CannotFetch(say("host_no_tls"), error, before_asking=True) from None


def _in_turns(addresses: Sequence[Address]) -> list[Address]:
    """One of each family after the other (RFC 8305 §4): where IPv6 leads nowhere, IPv4 is not the fifth to be tried."""
    first = [address for address in addresses if address.version == addresses[0].version]
    second = [address for address in addresses if address.version != addresses[0].version]
    pairs = itertools.zip_longest(first, second)
    return [address for pair in pairs for address in pair if address is not None]


def _find_loopback(host: str) -> Address | None:
    """The address of this machine that a host is."""
    try:
        address = parse_address(host.strip("[]"))
    except ValueError:
        return None
    return address if is_loopback(address) else None


def _not_public(detail: object) -> CannotFetch:
    return CannotFetch(say("host_not_public"), detail, before_asking=True)


def _ask(connection: ssl.SSLSocket, authority: str, asking: Asking, until: float) -> Answer:
    length = (("Content-Length", str(len(asking.body))),) if asking.body else ()
    headers = (
        ("Host", authority),
        *asking.headers,
        *length,
        ("Accept-Encoding", "identity"),
        ("User-Agent", "tokenhouse"),
        ("Connection", "close"),
    )
    lines = [f"{asking.method} {asking.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    try:
        if any(not line.isprintable() for line in lines):
            raise ValueError("a header that cannot be sent")
        head = "".join(f"{line}\r\n" for line in lines).encode("ascii")
        connection.settimeout(max(0.001, until - monotonic()))
        connection.sendall(head + b"\r\n" + asking.body)
        return _read(BoundedStream(connection, until, _HEAD_BYTES + asking.most), asking)
    except TimeoutError:
        raise CannotFetch(say("fetch_too_late"), too_late=True) from None
    except UnicodeError:
        # Its text would tell what could not be sent.
        raise CannotFetch(say("fetch_not_ascii")) from None
    except (http.client.HTTPException, OSError, ValueError) as error:
        raise CannotFetch(say("host_no_http"), repr(error)) from None
    except TooMuch:
        raise _too_large(asking.most) from None


def _read(stream: BoundedStream, asking: Asking) -> Answer:
    # It takes a socket, and uses nothing of it but this.
    response = http.client.HTTPResponse(stream, method=asking.method)  # type: ignore[arg-type]
    with response:
        response.begin()
        # RFC 9110 §15.2: any number of them may come first, asked for or not; 101 is none of those, nor of ours.
        while response.status in _INTERIM:
            response.headers = None  # type: ignore[assignment]
            response.begin()
        try:
            body = response.read(asking.most + 1)
        except TimeoutError:
            # The host has begun to answer: what never ends is this target, which anybody may have named.
            raise CannotFetch(say("fetch_too_late")) from None
        if len(body) > asking.most:
            raise _too_large(asking.most)
        if response.length:
            raise http.client.IncompleteRead(body, response.length)
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        name = name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Answer(response.status, headers, body)


def _too_large(most: int) -> CannotFetch:
    return CannotFetch(say("fetch_too_large", kilobytes=most // 1024))
