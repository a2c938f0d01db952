"""Connections that would outlive every timeout."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.patience import PATIENCE

_SERVER = """
import asyncio, socket, sys
import uvloop
from prometheus_client import CollectorRegistry
from sanic import HTTPResponse
from facade.gate import Gate
from facade.route import Kind, Route
from facade.metrics.http_metrics import HttpMetrics
from facade.web_server import create_web_server, listen

async def show(request, facade):
    return HTTPResponse(b"")

async def serve():
    gate = Gate(None, HttpMetrics(CollectorRegistry()), public=False)
    app = create_web_server({"/": Route("/", ("POST",), show, Kind.PLAIN)}, gate)
    app.config.update(REQUEST_TIMEOUT=0.2, RESPONSE_TIMEOUT=0.2, KEEP_ALIVE_TIMEOUT=0.2)
    await (await listen(app, socket.socket(fileno=int(sys.argv[1])))).serve_forever()

uvloop.run(serve())
"""


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    """Where the impatient server listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        inherited = listener.fileno()
        with subprocess.Popen([sys.executable, "-c", _SERVER, str(inherited)], pass_fds=[inherited]) as server:
            try:
                yield listener.getsockname()
            finally:
                server.kill()


@pytest.mark.parametrize("field", ["Upgrade: websocket\r\n", ""])
def test_a_body_that_never_comes_ends_its_connection(address: tuple[str, int], field: str) -> None:
    """RFC 9110 §15.5.9: whoever sends no body is not waited for, and a word about websockets changes nothing."""
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\nHost: h\r\n{field}Content-Length: 5\r\n\r\n".encode())
        reply = b""
        while chunk := connection.recv(65536):
            reply += chunk

    assert reply.startswith(b"HTTP/1.1 503 ")
