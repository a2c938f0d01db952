"""The web server's last moments."""

import asyncio
from pathlib import Path

from sanic import HTTPResponse, Request

from facade.facade import Facade
from facade.route import Kind, Route
from facade.web_server import drain
from tests.facade.bare import serve_bare
from tests.patience import PATIENCE

_REQUEST = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
_HOUR = 3600.0


async def _answer(_request: Request, _facade: Facade) -> HTTPResponse:
    return HTTPResponse(b"")


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
