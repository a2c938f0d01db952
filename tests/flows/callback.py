"""The redirect URI of one client: a listener on a loopback port, as apps on a user's machine have (RFC 8252 §7.3)."""

import asyncio
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from tests.patience import PATIENCE

_PATH = "/callback"
_PAGE = b"<!doctype html><html lang=en><title>Connected</title><p id=done>You may close this page."


class Callback:
    """Listens from `async with` on; every visit of the browser is one answer."""

    async def __aenter__(self) -> Self:
        self._answers: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.redirect_uri = f"http://127.0.0.1:{self.port}{_PATH}"
        #: The last answer that was taken.
        self.last: dict[str, str] = {}
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def answer(self) -> dict[str, str]:
        """The parameters the browser brought; none of them twice."""
        self.last = await asyncio.wait_for(self._answers.get(), PATIENCE)
        return self.last

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            # Browsers open connections ahead of need.
            writer.close()
            return
        target = urlsplit(head.split(b" ", 2)[1].decode())
        if target.path == _PATH:
            pairs = parse_qsl(target.query, keep_blank_values=True)
            assert len(dict(pairs)) == len(pairs), "a parameter came twice"
            self._answers.put_nowait(dict(pairs))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + _PAGE)
        await writer.drain()
        writer.close()
