"""A facade's web server in this process, with routes of a test's own and no core behind it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sanic import Sanic
from sanic.server.async_server import AsyncioServer

from facade.cookies import Cookies
from facade.core_client import CoreClient
from facade.discovery import Discovery
from facade.facade import Facade
from facade.gate import Gate
from facade.metrics.facade_metrics import FacadeMetrics
from facade.pages.rendering import Pages
from facade.route import Route
from facade.settings import Settings, parse_address
from facade.tls import Tls
from facade.web_server import create_web_server, drain, listen


@dataclass(frozen=True)
class Bare:
    """It listens."""

    server: AsyncioServer
    metrics: FacadeMetrics
    listener: socket.socket
    address: tuple[str, int]

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection."""
        return await asyncio.open_connection(*self.address)

    async def send(self, request: bytes) -> bytes:
        """What comes back until the connection ends; the request asks for its end."""
        reader, writer = await self.connect()
        writer.write(request)
        reply = await reader.read()
        writer.close()
        return reply


@asynccontextmanager
async def serve_bare(folder: Path, *routes: Route, max_in_flight: int, tls: Tls | None = None) -> AsyncIterator[Bare]:
    """Serve these routes."""
    address = parse_address("http://localhost")
    metrics = FacadeMetrics()
    core = CoreClient(str(folder / "nobody.sock"), metrics.core_calls)
    facade = Facade(Settings(address, (), ""), core, Discovery(core), Cookies(https=False), Pages(address))
    app = create_web_server({route.path: route for route in routes}, Gate(facade, metrics.http, max_in_flight))
    # Sanic would rewrite its own source at the start, and can do so once in a process.
    app.config.TOUCHUP = False
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = await listen(app, listener, tls)
            yield Bare(server, metrics, listener, listener.getsockname())
            await drain(server, grace=0)
    finally:
        # It knows every server of the process by its name.
        Sanic.unregister_app(app)
        await facade.discovery.close()
        await core.close()
