"""Sanic's HTTP/1.1, with every message checked before Sanic reads it. A message that is refused ends its connection."""

import re

from sanic import HTTPResponse
from sanic.compat import Header
from sanic.exceptions import BadRequest, PayloadTooLarge
from sanic.http.constants import Stage
from sanic.http.http1 import HTTP_CONTINUE, Http
from sanic.server.protocols.http_protocol import HttpProtocol

from facade.errors import Refusal
from facade.reply_bytes import format_reply
from facade.request_head import find_path, find_wishes, require_request_head

#: RFC 9112 §7.1, after the line break that ends what came before; extensions are not read, only kept short.
_CHUNK_HEAD = re.compile(rb"\r\n[0-9A-Fa-f]{1,8}(?:;[\t -~]{0,200})?\r\n")
_LONGEST_CHUNK_HEAD = 256
#: Each costs as much as a kilobyte does: in pieces of a byte the largest body allowed would keep all others waiting.
_MOST_CHUNKS = 1024


class StrictHttp(Http):
    """One connection."""

    __slots__ = ("between_requests", "chunks")

    def __init__(self, protocol: HttpProtocol) -> None:
        super().__init__(protocol)  # type: ignore[no-untyped-call]
        #: Nothing has been read since the last reply left: what comes next is a request's first byte.
        self.between_requests = False
        #: How many of the request's body have begun.
        self.chunks = 0

    def init_for_request(self) -> None:
        """Before each request."""
        super().init_for_request()  # type: ignore[no-untyped-call]
        self.between_requests = True
        self.chunks = 0

    async def http1_request_header(self) -> None:
        """Receives a head. Refuses one that is too long or not well-formed; whatever is refused here closes."""
        self.between_requests = False
        require_request_head(await self._receive_head())
        await super().http1_request_header()  # type: ignore[no-untyped-call]
        # There are no websockets here, and to Sanic the mere word lifts every timeout.
        self.upgrade_websocket = False

    async def http1_response_header(self, data: bytes, end_stream: bool) -> None:
        """Sends the reply, which is never a stream."""
        continues = HTTP_CONTINUE if self.expecting_continue else b""
        self.expecting_continue = False
        self.response_func = None  # type: ignore[assignment]
        assert isinstance(self.response, HTTPResponse)
        reply = format_reply(self.response, head_only=bool(self.head_only), keep_alive=self.keep_alive)
        await self._send(continues + reply)
        self.stage = Stage.IDLE

    async def read(self) -> bytes | None:
        """Some of the body; None at its end."""
        if self.request_body == "chunked" and self.request_bytes_left == 0:  # type: ignore[comparison-overlap]
            self.chunks += 1
            if self.chunks > _MOST_CHUNKS:
                self.keep_alive = False
                raise PayloadTooLarge("too many chunks")
            await self._require_chunk_head()
        return await super().read()

    def create_empty_request(self) -> None:
        """What stands for a request that could not be read: a path that can do no harm, and how to say so."""
        # Sanic's own way is to parse once more the URL that it has just refused, and to log it when that fails, too.
        self.url = find_path(self.recv_buffer)
        super().create_empty_request()
        self.request.method = "-"
        self.request.headers = Header([*find_wishes(self.recv_buffer)])

    async def error_response(self, exception: Exception) -> None:
        """Answers with a refusal, and reads no more where the connection is to be closed."""
        await super().error_response(exception)
        if not self.keep_alive:
            # Sanic would first wait for the rest of the body, with nothing left that ends the waiting.
            self.request_body = None

    async def _receive_head(self) -> bytes:
        buffer, searched = self.recv_buffer, 0
        while (end := buffer.find(b"\r\n\r\n", searched)) < 0 and len(buffer) < self.HEADER_MAX_SIZE:
            searched = max(0, len(buffer) - 3)
            await self._receive_more()
        if not 0 <= end < self.HEADER_MAX_SIZE:
            whole_line = 0 <= buffer.find(b"\r\n") < self.HEADER_MAX_SIZE
            raise Refusal("HEADERS_TOO_LARGE" if whole_line else "URI_TOO_LONG", "The request's head is too long.")
        return bytes(buffer[:end])

    async def _require_chunk_head(self) -> None:
        if self.expecting_continue:
            # Whoever waits for this sends no chunk before it (RFC 9110 §10.1.1).
            self.expecting_continue = False
            await self._send(HTTP_CONTINUE)
        buffer = self.recv_buffer
        while (end := buffer.find(b"\r\n", 2)) < 0 and len(buffer) < _LONGEST_CHUNK_HEAD:
            await self._receive_more()
        if not _CHUNK_HEAD.fullmatch(buffer, 0, end + 2):
            self.keep_alive = False
            raise BadRequest("Bad chunked encoding")
