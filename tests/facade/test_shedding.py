"""Who is turned away when there is too much to do, and at what price."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from facade.route import Kind, Route, Urgency
from tests.facade.bare import Bare, serve_bare
from tests.facade.slow_endpoint import Slow
from tests.patience import PATIENCE

_MOST = 10
_BUSY = b'{"error": "temporarily_unavailable", "error_description": "The server is busy."}'


def request(path: str, body: bytes = b"x") -> bytes:
    """A POST over a connection that is kept."""
    return b"POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s" % (path.encode(), len(body), body)


class Line:
    """A connection that is kept."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def ask(self, data: bytes) -> bytes:
        """The reply to a request."""
        self.writer.write(data)
        return await self.receive()

    async def receive(self) -> bytes:
        """The next reply."""
        head = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), PATIENCE)
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        return head + await self._reader.readexactly(length)


def routes(slow: Slow) -> list[Route]:
    """One of each urgency."""
    return [Route(f"/{each.name.lower()}", ("POST",), slow.answer, Kind.API, each) for each in Urgency]


def sample(bare: Bare, name: str, **labels: str) -> float:
    """What the facade tells of itself."""
    return bare.metrics.registry.get_sample_value(name, labels) or 0.0


async def connect(bare: Bare, stack: AsyncExitStack) -> Line:
    """A line that is closed in the end."""
    line = Line(*await bare.connect())
    stack.callback(line.writer.close)
    return line


@dataclass(frozen=True)
class Crowd:
    """A server whose only place is taken, until `slow` is opened."""

    slow: Slow
    bare: Bare
    #: Who has the place.
    holder: Line
    #: Those for whom there is none.
    others: list[Line]


@asynccontextmanager
async def crowded(folder: Path, others: int) -> AsyncIterator[Crowd]:
    """One line whose request is being answered, and so many others."""
    slow = Slow()
    async with serve_bare(folder, slow.route, max_in_flight=1) as bare, AsyncExitStack() as stack:
        holder, *lines = [await connect(bare, stack) for _ in range(1 + others)]
        holder.writer.write(request("/slow"))
        await slow.wait_for(1)
        yield Crowd(slow, bare, holder, lines)


@pytest.mark.parametrize(
    ("taken", "refused"),
    [
        (4, set()),
        (5, {"registration"}),
        (8, {"registration"}),
        (9, {"registration", "issuance"}),
        (10, {"registration", "issuance", "ending"}),
    ],
)
async def test_what_is_urgent_finds_room_for_longer(tmp_path: Path, taken: int, refused: set[str]) -> None:
    """Registrations go first, at half of the room, then issuance at nine tenths; what ends something has all of it."""
    slow = Slow()
    async with serve_bare(tmp_path, slow.route, *routes(slow), max_in_flight=_MOST) as bare, AsyncExitStack() as stack:
        for held in range(taken):
            # The most urgent get in wherever there is room at all.
            (await connect(bare, stack)).writer.write(request("/ending"))
            await slow.wait_for(held + 1)
        waiting, told = 0, set()
        for urgency in ("registration", "issuance", "ending"):
            line = await connect(bare, stack)
            answer = asyncio.create_task(line.ask(request(f"/{urgency}")))
            began = asyncio.create_task(slow.wait_for(taken + waiting + 1))
            done, _ = await asyncio.wait([answer, began], return_when=asyncio.FIRST_COMPLETED)
            if answer in done:
                began.cancel()
                assert answer.result().startswith(b"HTTP/1.1 503 ")
                told.add(urgency)
            else:
                # Gone again, so that the next one finds as much room.
                line.writer.close()
                answer.cancel()
                await slow.wait_for(taken)
        slow.open.set()

    assert told == refused


async def test_a_known_request_is_refused_unread_in_the_same_words(tmp_path: Path) -> None:
    """503, Retry-After and the error of RFC 6749 as for one that is read; when there is room, it is served."""
    async with crowded(tmp_path, 2) as crowd:
        known, new = crowd.others
        read = [await known.ask(request("/slow")), await new.ask(request("/slow"))]
        counted = sample(crowd.bare, "http_server_request_duration_seconds_count", **_REFUSED)
        unread = [await known.ask(request("/slow", body)) for body in (b"x", b"y", b"z")]
        # They are counted together, a little later.
        async with asyncio.timeout(PATIENCE):
            while sample(crowd.bare, "tokenhouse_http_shed_requests_total") < 5:
                await asyncio.sleep(0.01)
        told = {
            "read": (counted, sample(crowd.bare, "http_server_request_duration_seconds_count", **_REFUSED)),
            "shed": sample(crowd.bare, "tokenhouse_http_shed_requests_total"),
            "refused": sample(crowd.bare, "tokenhouse_http_refusals_total", reason="TEMPORARILY_UNAVAILABLE"),
        }
        crowd.slow.open.set()
        assert (await crowd.holder.receive()).startswith(b"HTTP/1.1 200 ")
        served = await known.ask(request("/slow"))

    assert set(read) == set(unread)
    assert unread[0].startswith(b"HTTP/1.1 503 ")
    assert b"\r\nRetry-After: 1\r\n" in unread[0]
    assert b"\r\nAccess-Control-Allow-Origin: *\r\n" in unread[0]
    assert unread[0].endswith(_BUSY)
    assert told == {"read": (2, 2), "shed": 5, "refused": 5}
    assert served.startswith(b"HTTP/1.1 200 ")


_REFUSED = {"http_request_method": "POST", "http_route": "/slow", "http_response_status_code": "503"}


async def test_who_asks_again_at_once_is_heard_a_little_later(tmp_path: Path) -> None:
    """Refused unread, a connection is left alone for a moment, and then answered like any other."""
    async with crowded(tmp_path, 1) as crowd:
        [line] = crowd.others
        refusals = [await line.ask(request("/slow")) for _ in range(2)]
        transports = [connection.transport for connection in crowd.bare.server.connections]
        unheard = [transport for transport in transports if not transport.is_reading()]
        refusals.append(await line.ask(request("/slow")))
        crowd.slow.open.set()
        await crowd.holder.receive()
        served = await line.ask(request("/slow"))

    assert len(unheard) == 1
    assert len(set(refusals)) == 1
    assert served.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "data",
    [
        request("/slow", b"xx"),
        request("/slow").replace(b"Host: h", b"Host: i"),
        request("/slow").replace(b"Length: 1", b"Length:01"),
    ],
)
async def test_a_request_that_looks_alike_is_read(tmp_path: Path, data: bytes) -> None:
    """One byte of the head, or the length, makes it another request."""
    async with crowded(tmp_path, 1) as crowd:
        [line] = crowd.others
        assert await line.ask(request("/slow")) == await line.ask(data)
        read = sample(crowd.bare, "http_server_request_duration_seconds_count", **_REFUSED)
        crowd.slow.open.set()

    assert read == 2


async def test_requests_in_one_piece_are_refused_one_by_one(tmp_path: Path) -> None:
    """RFC 9112 §9.3.2: as many replies as requests, also when their bytes arrive together or in halves."""
    async with crowded(tmp_path, 1) as crowd:
        [line] = crowd.others
        refusal = await line.ask(request("/slow"))
        whole = request("/slow")
        line.writer.write(whole + whole + whole[:-7])
        assert [await line.receive(), await line.receive()] == [refusal, refusal]
        assert await line.ask(whole[-7:]) == refusal
        crowd.slow.open.set()
