"""One HTTP client at the level of its connection: what a server breaks is seen, and nothing is asked a second time."""

import asyncio
from dataclasses import dataclass, field

from tests.patience import PATIENCE

#: Between two tries to connect.
_PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Reply:
    """A status and a body."""

    status: int
    body: bytes


class Broken(Exception):
    """The connection ended, and a request on it has no answer."""


class Reset(Broken):
    """The kernel ended it: nobody had accepted it yet, or whoever had is gone."""


@dataclass
class HttpConnection:
    """Keeps its connection until the server says that it will close it, or has closed it."""

    port: int
    #: How often nobody listened.
    refused: int = 0
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None, init=False)

    async def ask(self, method: str, path: str, body: bytes = b"", content_type: str = "") -> Reply:
        """The answer to one request.

        Raises Broken: there is none.
        """
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        head += f"Content-Type: {content_type}\r\n\r\n" if content_type else "\r\n"
        reader, writer = await self._connected()
        try:
            writer.write(head.encode() + body)
            return await asyncio.wait_for(self._read(reader), PATIENCE)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.close()
            kind = Reset if isinstance(error, ConnectionResetError) else Broken
            raise kind(f"{method} {path.partition('?')[0]}: {error!r}") from error

    def close(self) -> None:
        """Let go of the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():
            self.close()
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while self._streams is None:
            try:
                self._streams = await asyncio.open_connection("127.0.0.1", self.port)
            except (ConnectionRefusedError, ConnectionResetError):
                self.refused += 1
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(_PAUSE)
        return self._streams

    async def _read(self, reader: asyncio.StreamReader) -> Reply:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        lines = dict(line.partition(": ")[::2] for line in head.split("\r\n")[1:])
        body = await reader.readexactly(int(lines.get("content-length", 0)))
        if lines.get("connection") == "close":
            self.close()
        return Reply(int(head.split(" ")[1]), body)
