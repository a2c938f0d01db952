"""Sanic, with everything switched off that we do not use."""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from types import SimpleNamespace
from weakref import WeakSet

from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config
from sanic.handlers import ErrorHandler
from sanic.http import Http
from sanic.server.async_server import AsyncioServer

from facade.accepting import Accepting
from facade.connection import Connection
from facade.gate import Gate
from facade.route import Route
from facade.short_way import ShortWay
from facade.strict_router import METHOD, StrictRouter
from facade.tls import HANDSHAKE_TIMEOUT, Tls

WebServer = Sanic[Config, SimpleNamespace]

MAX_BODY = 48 * 1024
#: A state of some kilobytes is ordinary (clients put URLs into it), and all of it stands in the request line.
MAX_HEADER = 32 * 1024

#: Seconds that requests in flight have when the process is told to stop.
GRACE = 10.0
#: A connection that has been silent for so many seconds is closed then. Whoever uses it more often has its next request
#: answered and learns by that reply that it is the last: a request that crosses a closing is lost (RFC 9112 §9.5).
LINGER = 1.0
#: Seconds that a handshake has to end then.
HANDSHAKE_GRACE = 3.0

#: Connections that may wait to be accepted; asyncio's own 100 would be put over what the socket was opened with, and
#: whoever is one too many tries again after a second.
BACKLOG = 1024


def create_web_server(routes: Mapping[str, Route], gate: Gate, name: str = "tokenhouse") -> WebServer:
    """A server that brings every request to the gate, those that Sanic refuses by itself too; names are used once."""
    Http.HEADER_CEILING = MAX_HEADER
    app: WebServer = Sanic(
        name,
        # No environment variable may change what the facade believes of a request.
        config=Config(env_prefix=""),
        router=StrictRouter(),
        error_handler=_Refusals(routes, gate),
        configure_logging=False,
    )
    app.config.update(
        REQUEST_MAX_SIZE=MAX_BODY,
        REQUEST_MAX_HEADER_SIZE=MAX_HEADER,
        REQUEST_TIMEOUT=15,
        RESPONSE_TIMEOUT=20,
        KEEP_ALIVE_TIMEOUT=75,
        AUTO_EXTEND=False,
        ACCESS_LOG=False,
        MOTD=False,
    )
    app.ctx.short_way = ShortWay(app, routes, gate)
    for number, (path, route) in enumerate(routes.items()):
        app.add_route(_handler(gate, route), path, methods=[METHOD], name=f"route_{number}", strict_slashes=True)
    return app


async def listen(app: WebServer, listener: socket.socket, tls: Tls | None = None) -> AsyncioServer:
    """Serves on `listener` from now on; with `tls` https and nothing else."""
    #: Connections that are not made yet; None where nothing comes before the first request.
    app.ctx.handshakes = None if tls is None else WeakSet()
    context, timeout = (None, {}) if tls is None else (tls.context, {"ssl_handshake_timeout": HANDSHAKE_TIMEOUT})
    server = await app.create_server(
        sock=listener,
        ssl=context,
        backlog=BACKLOG,
        protocol=Connection,
        return_asyncio_server=True,
        asyncio_server_kwargs={"start_serving": False, **timeout},
    )
    assert server is not None
    new_connection = partial(Connection, loop=asyncio.get_running_loop(), app=app, connections=server.connections)
    app.ctx.accepting = Accepting(listener, new_connection, context)
    await server.startup()  # type: ignore[no-untyped-call]
    await server.start_serving()  # type: ignore[no-untyped-call]
    return server


async def drain(server: AsyncioServer, grace: float = GRACE) -> None:
    """Takes no new connection, lets those in use get their last reply for `grace` seconds, then ends every connection.

    The gate has been told to stop, so that replies say that they are the last.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + grace
    server.close()  # type: ignore[no-untyped-call]
    silent: set[Connection] = set()
    # Who was let in, and is still coming to an agreement, is not there yet; an old handshake is nobody's.
    handshakes_until = loop.time() + min(grace, HANDSHAKE_GRACE)
    while (server.app.ctx.handshakes and loop.time() < handshakes_until) or (
        server.connections and loop.time() < until
    ):
        before, silent = silent, {each for each in server.connections if each.is_silent(LINGER)}
        # Not before the loop has looked once more: a process that had no CPU for a while has not read what has come.
        for connection in before & silent:
            connection.close_if_idle()
        await asyncio.sleep(0.02)
    for connection in tuple(server.connections):
        connection.abort()


def _handler(gate: Gate, route: Route) -> Callable[[Request], Coroutine[None, None, HTTPResponse]]:
    async def handle(request: Request, **_parts: str) -> HTTPResponse:
        return await gate.answer(request, route)

    return handle


class _Refusals(ErrorHandler):
    """Replaces Sanic's own error pages and log lines, which know neither JSON nor discretion."""

    def __init__(self, routes: Mapping[str, Route], gate: Gate) -> None:
        super().__init__()
        self._routes = routes
        self._gate = gate

    def response(self, request: Request, exception: Exception) -> HTTPResponse:
        return self._gate.refuse(request, self._routes.get(request.path), exception)
