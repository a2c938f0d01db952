"""GET /metrics on an address of its own, with threads of its own: it answers while every other thread is busy."""

import logging
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

_log = logging.getLogger(__name__)

_PATH = "/metrics"
#: Connections beyond which the next one is closed at once.
_AT_ONCE = 8
#: Seconds without a word from a client, and seconds in all, after which its connection ends.
_PATIENCE, _LONGEST = 5.0, 15.0

_Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class MetricsListener:
    """Answers whoever can reach it: the address is what protects it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._server: _Server | None = None

    def listen(self, host: str, port: int) -> None:
        """Listen and answer from now on; an IPv6 host stands without brackets.

        Raises:
            OSError: it cannot be listened on.
        """
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self._server = _Server(family, address)
        self._server.set_app(_at_its_path(make_wsgi_app(self._registry, disable_compression=True)))
        threading.Thread(target=self._server.serve_forever, args=[0.1], name="metrics", daemon=True).start()

    def stop(self) -> None:
        """Take no more requests; nothing happens where it never listened."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


class _Request(WSGIRequestHandler):
    timeout = _PATIENCE

    def log_message(self, format: str, *arguments: Any) -> None:
        """A scrape is no event."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64
    # Whoever scrapes slowly holds up neither the end of the process nor its own next scrape.
    block_on_close = False

    def __init__(self, family: int, address: Any) -> None:
        self.address_family = family
        self._free = threading.BoundedSemaphore(_AT_ONCE)
        super().__init__(address, _Request)

    def server_bind(self) -> None:
        # The library's own way asks the name service for the name of the address.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]
        self.setup_environ()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return self._free.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        end = threading.Timer(_LONGEST, _cut, [request])
        end.daemon = True
        end.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            end.cancel()
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away; the library would print a traceback."""
        _log.debug("a metrics client went away", exc_info=True)


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _at_its_path(application: _Application) -> _Application:
    """The library's application answers every path."""

    def answer(environment: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environment["PATH_INFO"] != _PATH:
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [f"metrics are at {_PATH}\n".encode()]
        return application(environment, start_response)

    return answer
