"""A network that can be cut, frozen and slowed down: a TCP proxy in front of a core, in a thread of its own."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

_PATIENCE = 30


@dataclass
class Proxy:
    """Passes everything on to `port` of this machine, for a `with`; `target` is where it listens."""

    port: int
    #: What a chunk waits before it is passed on, in seconds.
    delay: float = 0.0
    target: str = ""
    #: How often somebody connected.
    connections: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._call(self._begin())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()

    def freeze(self) -> None:
        """Pass nothing on, in either direction; whoever connects is accepted and hears nothing."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def thaw(self) -> None:
        """Pass on what waits, and everything after it."""
        self._loop.call_soon_threadsafe(self._open.set)

    def cut(self) -> None:
        """Close every connection; new ones are welcome."""
        self._call(self._cut())

    def _call(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_PATIENCE)

    async def _begin(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.target = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _end(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._cut()

    async def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            writer.transport.abort()
            return
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            self._writers.add(sink)
            task = asyncio.create_task(self._pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        writing = asyncio.create_task(self._write(waiting, sink))
        try:
            with contextlib.suppress(OSError):
                while chunk := await source.read(64 * 1024):
                    waiting.put_nowait((self._loop.time() + self.delay, chunk))
            waiting.put_nowait((self._loop.time() + self.delay, b""))
            await writing
        finally:
            writing.cancel()
            self._writers.discard(sink)
            sink.transport.abort()

    async def _write(self, waiting: "asyncio.Queue[tuple[float, bytes]]", sink: asyncio.StreamWriter) -> None:
        while True:
            when, chunk = await waiting.get()
            await asyncio.sleep(max(when - self._loop.time(), 0))
            await self._open.wait()
            if not chunk:
                return
            with contextlib.suppress(OSError):
                sink.write(chunk)
                await sink.drain()
