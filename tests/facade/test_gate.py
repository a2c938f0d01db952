"""What every request passes: the bound on those in flight."""

import asyncio
from pathlib import Path

import pytest
from sanic import HTTPResponse, Request

from facade.facade import Facade
from facade.route import Kind, Route
from tests.facade.bare import serve_bare
from tests.facade.slow_endpoint import Slow
from tests.patience import PATIENCE

_ALLOWED = 2
_SLOW = b"POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx"
_QUICK = b"POST /quick HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx"
_DOCUMENT = b"GET /document HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
_PROBE = b"GET /probe HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


async def _answer(_request: Request, _facade: Facade) -> HTTPResponse:
    return HTTPResponse(b"quick")


_OTHERS = (
    Route("/quick", ("POST",), _answer, Kind.API),
    Route("/probe", ("GET",), _answer, Kind.PLAIN),
    Route("/document", ("GET",), _answer, Kind.API, document=lambda _request, _metadata: HTTPResponse(b"document")),
)


async def test_more_than_fits_is_turned_away_at_once(tmp_path: Path) -> None:
    """Beyond the requests allowed in flight the next ones get 503 at once; probes and documents get through."""
    slow = Slow()
    async with serve_bare(tmp_path, slow.route, *_OTHERS, max_in_flight=_ALLOWED) as bare:
        asked = [asyncio.create_task(bare.send(_SLOW)) for _ in range(_ALLOWED)]
        await slow.wait_for(_ALLOWED)
        turned_away = [await asyncio.wait_for(bare.send(each), PATIENCE) for each in (_SLOW, _QUICK)]
        let_through = [await asyncio.wait_for(bare.send(each), PATIENCE) for each in (_PROBE, _DOCUMENT)]
        slow.open.set()
        answered = await asyncio.gather(*asked)
        afterwards = await bare.send(_QUICK)

    for reply in turned_away:
        assert reply.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: 1\r\n" in reply
        assert b"The server is busy." in reply
    for reply in (*let_through, *answered, afterwards):
        assert reply.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("field", [b"", b"Expect: 100-continue\r\n"])
async def test_whoever_hangs_up_leaves_nothing_behind(tmp_path: Path, field: bytes) -> None:
    """A client that is gone before its reply is counted no more, on the short way and on the framework's."""
    request_bytes = _SLOW.replace(b"Host", field + b"Host")
    slow = Slow()
    async with serve_bare(tmp_path, slow.route, *_OTHERS, max_in_flight=_ALLOWED) as bare:
        for _ in range(_ALLOWED + 1):
            _, writer = await bare.connect()
            writer.write(request_bytes)
            await slow.wait_for(1)
            writer.close()
            await slow.wait_for(0)
        reply = await asyncio.wait_for(bare.send(_QUICK), PATIENCE)

    assert reply.startswith(b"HTTP/1.1 200 ")


_HALVES = (
    b"POST /quick HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx",
    b"POST /quick HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"POST /quick HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    b"POST /quick HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
    b"POST /quick HTTP/1.1\r\nHo",
)


@pytest.mark.parametrize("half", _HALVES)
async def test_half_a_request_is_no_incident(tmp_path: Path, half: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """RFC 9112 §8: nothing went wrong here, so there is no 500, and nobody outside rings an alert."""
    async with serve_bare(tmp_path, *_OTHERS, max_in_flight=_ALLOWED) as bare:
        _, writer = await bare.connect()
        writer.write(half)
        await writer.drain()
        assert (await bare.send(_QUICK)).startswith(b"HTTP/1.1 200 ")
        writer.close()
        await writer.wait_closed()
        assert (await bare.send(_QUICK)).startswith(b"HTTP/1.1 200 ")
    assert [record.getMessage() for record in caplog.records if "incident" in record.getMessage()] == []
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize(("chunks", "status"), [(1000, b"200"), (1025, b"413"), (50_000, b"413")])
async def test_a_body_in_crumbs_is_refused_soon(tmp_path: Path, chunks: int, status: bytes) -> None:
    """RFC 9112 §7.1: each chunk costs what a kilobyte costs, so there is a most of them, however small they are."""
    head = b"POST /quick HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serve_bare(tmp_path, *_OTHERS, max_in_flight=_ALLOWED) as bare:
        reader, writer = await bare.connect()
        writer.write(head + b"1\r\nx\r\n" * chunks + b"0\r\n\r\n")
        reply = await asyncio.wait_for(reader.readuntil(b"\r\n"), PATIENCE)
        writer.close()
    assert reply.startswith(b"HTTP/1.1 " + status)
