"""The short way through the server, for a request that arrives whole and asks for a path we have.

Nearly every request does. It is checked as strictly as any other, and answered by the same gate; what it is spared are
the framework's stages for what comes in pieces. Whatever is out of the ordinary takes the framework's way.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from sanic import Request
from sanic.compat import Header
from sanic.models.protocol_types import TransportProtocol

from facade.errors import Refusal
from facade.request_head import require_request_head
from facade.shedding import KnownHead

if TYPE_CHECKING:
    from facade.gate import Gate
    from facade.route import Route
    from facade.web_server import WebServer

#: Of a head.
_END = b"\r\n\r\n"
#: A chunked body, a client that waits for a word before it sends one, another protocol: not here.
_UNUSUAL = frozenset({"transfer-encoding", "expect", "upgrade"})


@dataclass(frozen=True, slots=True)
class WholeRequest:
    """A request with its body, its route, and what its reply has to be like."""

    request: Request
    route: "Route"
    keep_alive: bool

    def known_head(self, data: bytes) -> KnownHead | None:
        """Its head in `data`, if the next request may be recognised by it and turned away unread."""
        if not (self.keep_alive and self.request.method == "POST" and self.route.can_be_turned_away_unread):
            return None
        request = self.request
        head = data[: len(data) - len(request.body)]
        return KnownHead(head, len(data), self.route, request.raw_url, request.headers)


class ShortWay:
    """Finds out whether bytes are a whole request."""

    def __init__(self, app: "WebServer", routes: Mapping[str, "Route"], gate: "Gate") -> None:
        self._app = app
        self._routes = {path.encode(): route for path, route in routes.items() if "<" not in path}
        self._max_head = app.config.REQUEST_MAX_HEADER_SIZE
        self._max_body = app.config.REQUEST_MAX_SIZE
        self.gate = gate

    def read_known(self, known: KnownHead, data: bytes, transport: asyncio.Transport) -> WholeRequest:
        """The request that `data` is, whose head is known: most clients send the same one again and again."""
        line_and_fields, to = known.head[: -len(_END)], cast(TransportProtocol, transport)
        request = Request(known.target, known.headers, "1.1", "POST", to, self._app, line_and_fields)
        request.body = data[len(known.head) :]
        return WholeRequest(request, known.route, keep_alive=True)

    def read(self, data: bytes, transport: asyncio.Transport) -> WholeRequest | None:
        """The request that `data` is from its first byte to its last; None where it takes the other way."""
        head, separator, body = data.partition(_END)
        line, _, rest = head.partition(b"\r\n")
        method, _, target = line.partition(b" ")
        target, _, version = target.partition(b" ")
        route = self._routes.get(target.partition(b"?")[0])
        if route is None or not separator or version != b"HTTP/1.1" or len(head) >= self._max_head:
            return None
        try:
            require_request_head(head)
        except Refusal:
            return None
        fields = _split_fields(rest)
        headers = Header(fields)
        if not _UNUSUAL.isdisjoint(headers):
            return None
        if int(headers.get("content-length", 0)) != len(body) or len(body) > self._max_body:
            return None
        request = Request(target, headers, "1.1", method.decode(), cast(TransportProtocol, transport), self._app, head)
        request.body = body
        return WholeRequest(request, route, headers.get("connection", "keep-alive").lower() == "keep-alive")


def _split_fields(lines: bytes) -> list[tuple[str, str]]:
    fields = (line.partition(":") for line in lines.decode(errors="surrogateescape").split("\r\n") if line)
    return [(name.lower(), value.strip("\t ")) for name, _, value in fields]
