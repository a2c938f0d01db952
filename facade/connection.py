"""One connection: the short way for whole requests, the framework's way for all others, in the order they came."""

import asyncio
import time
from typing import Any

from sanic import HTTPResponse
from sanic.server.protocols.http_protocol import HttpProtocol

from facade.reply_bytes import format_reply
from facade.shedding import KnownHead
from facade.short_way import ShortWay, WholeRequest
from facade.strict_http import StrictHttp


class Connection(HttpProtocol):
    """What Sanic makes for each connection."""

    HTTP_CLASS = StrictHttp
    __slots__ = ("__weakref__", "_answering", "_known_head", "_short_way")

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._short_way: ShortWay = self.app.ctx.short_way
        self._answering: asyncio.Task[None] | None = None
        self._known_head: KnownHead | None = None
        if self.app.ctx.handshakes is not None:
            self.app.ctx.handshakes.add(self)

    def connection_made(self, transport: Any) -> None:
        """asyncio.Protocol."""
        super().connection_made(transport)  # type: ignore[no-untyped-call]
        if self.app.ctx.handshakes is not None:
            self.app.ctx.handshakes.discard(self)
        if not self._short_way.gate.stopping:
            self.app.ctx.accepting.accept_more()

    def data_received(self, data: bytes) -> None:
        """asyncio.Protocol."""
        if self._answering is not None:
            # Whoever sends the next request before the reply to the last one waits for its turn (RFC 9112 §9.3.2).
            self.recv_buffer += data
            if len(self.recv_buffer) >= self.app.config.REQUEST_BUFFER_SIZE:
                self._transport.pause_reading()
            return
        whole = None
        if self._is_between_requests():
            known = self._known_head
            if known is not None and not known.is_of(data):
                known = None
            if (reply := self._answer_unread(data, known)) is not None:
                self._transport.write(reply)
                self._time = time.monotonic()
                return
            whole = self._read_whole(data, known)
        if whole is None:
            super().data_received(data)
            return
        whole.request.conn_info = self.conn_info
        gate = self._short_way.gate
        if (response := gate.answer_at_once(whole.request, whole.route)) is not None:
            reply = self._reply(whole, response)
            if reply is not None and whole.keep_alive and not gate.stopping:
                gate.keep_known(data, whole.request, whole.route, response, reply)
        else:
            self._answering = self.loop.create_task(self._answer(whole))

    def connection_lost(self, error: Exception | None) -> None:
        """asyncio.Protocol."""
        if self._answering is not None:
            self._answering.cancel()
        super().connection_lost(error)  # type: ignore[no-untyped-call]

    def close_if_idle(self) -> bool:
        """Closes unless a request is on its way; tells whether it did."""
        return self._answering is None and bool(super().close_if_idle())

    def is_silent(self, seconds: float) -> bool:
        """Nothing has been heard or said for so long."""
        return self._answering is None and time.monotonic() - self._time >= seconds

    @property
    def _transport(self) -> asyncio.Transport:
        assert self.transport is not None
        return self.transport

    def _is_closing(self) -> bool:
        # The framework forgets the transport of a connection that it has aborted.
        return self.transport is None or self.transport.is_closing()

    def _is_between_requests(self) -> bool:
        http: StrictHttp | None = self.http
        # The framework's own task may not have begun yet. It has ended where a connection is about to be closed.
        begun = self._task is not None and (http is None or http.between_requests)
        # Whoever does not read the replies gets no more of them here; the framework's way waits.
        return begun and not self.recv_buffer and self._can_write.is_set()

    def _read_whole(self, data: bytes, known: KnownHead | None) -> WholeRequest | None:
        if known is not None:
            return self._short_way.read_known(known, data, self._transport)
        whole = self._short_way.read(data, self._transport)
        if whole is not None:
            self._known_head = whole.known_head(data)
        return whole

    def _answer_unread(self, data: bytes, known: KnownHead | None) -> bytes | None:
        gate = self._short_way.gate
        if known is not None:
            refusal = gate.turn_away(known, self._hear_again)
            if refusal is not None:
                self._transport.pause_reading()
            return refusal
        assert self.conn_info is not None
        return gate.answer_known(data, self.conn_info.client_ip)

    def _hear_again(self) -> None:
        if not self._is_closing():
            self._transport.resume_reading()

    async def _answer(self, whole: WholeRequest) -> None:
        response = await self._short_way.gate.answer(whole.request, whole.route)
        self._answering = None
        self._reply(whole, response)
        if self.recv_buffer and not self._is_closing():
            waiting = bytes(self.recv_buffer)
            # Emptied, not replaced: the framework's way knows this very buffer.
            self.recv_buffer.clear()
            self._transport.resume_reading()
            self.data_received(waiting)

    def _reply(self, whole: WholeRequest, response: HTTPResponse) -> bytes | None:
        """What was written, unless nobody is there to read it."""
        if self._is_closing():
            return None
        keep_alive = whole.keep_alive and not self._short_way.gate.stopping
        reply = format_reply(response, head_only=whole.request.method == "HEAD", keep_alive=keep_alive)
        self._transport.write(reply)
        self._time = time.monotonic()
        if not keep_alive:
            self.close()
        return reply
