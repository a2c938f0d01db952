"""Sanic, with everything switched off that we do not use."""

from collections.abc import Callable, Coroutine, Mapping
from types import SimpleNamespace

from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config
from sanic.handlers import ErrorHandler
from sanic.http import Http

from facade.gate import Gate, Route

WebServer = Sanic[Config, SimpleNamespace]

MAX_BODY = 48 * 1024
#: A state of some kilobytes is ordinary (clients put URLs into it), and all of it stands in the request line.
MAX_HEADER = 32 * 1024

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def create_web_server(routes: Mapping[str, Route], gate: Gate) -> WebServer:
    """A server that brings every request to the gate, those that Sanic refuses by itself too."""
    Http.HEADER_CEILING = MAX_HEADER
    app: WebServer = Sanic(
        "tokenhouse",
        # No environment variable may change what the facade believes of a request.
        config=Config(env_prefix=""),
        error_handler=_Refusals(routes, gate),
        configure_logging=False,
    )
    app.config.update(
        REQUEST_MAX_SIZE=MAX_BODY,
        REQUEST_MAX_HEADER_SIZE=MAX_HEADER,
        REQUEST_TIMEOUT=15,
        RESPONSE_TIMEOUT=20,
        KEEP_ALIVE_TIMEOUT=75,
        GRACEFUL_SHUTDOWN_TIMEOUT=10.0,
        AUTO_EXTEND=False,
        ACCESS_LOG=False,
        MOTD=False,
    )
    for number, (path, route) in enumerate(routes.items()):
        # Every method reaches the gate, so that one place decides what 404 and 405 look like.
        app.add_route(_handler(gate, route), path, methods=_METHODS, name=f"route_{number}", strict_slashes=True)
    return app


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
