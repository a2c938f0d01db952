"""The web server's first and last moments."""

import asyncio
import socket
import struct
from contextlib import ExitStack
from pathlib import Path

import uvloop
from sanic import HTTPResponse, Request

from facade.facade import Facade
from facade.route import Kind, Route
from facade.web_server import BACKLOG, drain
from tests.facade.bare import serve_bare
from tests.patience import PATIENCE

_REQUEST = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
_HOUR = 3600.0
#: Where tcp_info has a listening socket's longest queue (include/uapi/linux/tcp.h: tcpi_sacked).
_LONGEST_QUEUE = 28


async def _answer(_request: Request, _facade: Facade) -> HTTPResponse:
    return HTTPResponse(b"")


async def test_a_crowd_that_connects_at_once_is_let_in(tmp_path: Path) -> None:
    """As many may wait as the socket was opened for: what comes beyond, the kernel drops for a second."""
    async with serve_bare(tmp_path, Route("/", ("GET",), _answer, Kind.PLAIN), max_in_flight=1) as bare:
        listener = bare.listener
        told = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)

    assert struct.unpack_from("=I", told, _LONGEST_QUEUE) == (BACKLOG,)


def test_everybody_who_waits_is_accepted_in_a_few_turns(tmp_path: Path) -> None:
    """A busy loop has long turns, and one connection in each would leave a crowd at the door for seconds."""
    crowd, turns = 300, 20

    async def connect_while_the_loop_is_busy() -> int:
        async with serve_bare(tmp_path, Route("/", ("GET",), _answer, Kind.PLAIN), max_in_flight=1) as bare:
            with ExitStack() as stack:
                for _ in range(crowd):
                    stack.enter_context(socket.create_connection(bare.address, PATIENCE))
                for _ in range(turns):
                    await asyncio.sleep(0)
                return len(bare.server.connections)

    # The loop that the facade has.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(connect_while_the_loop_is_busy()) == crowd


async def test_idle_connections_hold_nothing_up(tmp_path: Path) -> None:
    """Kept-alive connections without a request are closed at once: the grace is for requests in flight."""
    async with serve_bare(tmp_path, Route("/", ("GET",), _answer, Kind.PLAIN), max_in_flight=1) as bare:
        used_reader, used = await bare.connect()
        used.write(_REQUEST)
        await used_reader.readuntil(b"\r\n\r\n")
        fresh_reader, fresh = await bare.connect()
        # The server takes connections in order: once the third has its reply, the second is known.
        await bare.send(_REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))

        await asyncio.wait_for(drain(bare.server, grace=_HOUR), PATIENCE)

        assert (await used_reader.read(), await fresh_reader.read()) == (b"", b"")
        used.close()
        fresh.close()
