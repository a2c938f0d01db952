"""The life of the process: start, say ready, serve, stop when told or when the parent is gone."""

import asyncio
import json
import logging
import os
import signal
import socket
from contextlib import suppress

from facade.app import locate
from facade.cookies import Cookies
from facade.core_client import CoreClient
from facade.discovery import Discovery
from facade.errors import Refusal
from facade.facade import Facade
from facade.gate import Gate
from facade.pages.rendering import Pages
from facade.settings import Settings
from facade.strict_http import StrictProtocol
from facade.web_server import WebServer, create_web_server

_log = logging.getLogger("facade")


def serve(settings: Settings, listener: socket.socket, *, status_fd: int | None, lifeline_fd: int | None) -> None:
    """Serves until SIGTERM, SIGINT or the end of the lifeline; requests in flight finish first.

    `status_fd` gets one line of JSON once requests can be answered; `lifeline_fd` ends with the parent.
    """
    pages = Pages(settings.address)
    gate = Gate()
    app = create_web_server(dict(locate(pages)), gate)

    async def put_together(app: WebServer) -> None:
        core = CoreClient(settings.core_socket)
        cookies = Cookies(https=settings.address.https)
        app.ctx.facade = gate.facade = Facade(settings, core, Discovery(core), cookies, pages)

    async def listening(app: WebServer) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, _log.info, "SIGHUP: nothing to reload here, the core reloads")
        app.ctx.announcing = loop.create_task(_announce(app.ctx.facade, status_fd))
        if lifeline_fd is not None:
            loop.add_reader(lifeline_fd, _watch, app, lifeline_fd)

    async def stopping(app: WebServer) -> None:
        gate.stopping = True
        app.ctx.announcing.cancel()
        await asyncio.wait([app.ctx.announcing])

    async def stopped(app: WebServer) -> None:
        await app.ctx.facade.discovery.close()
        await app.ctx.facade.core.close()

    app.register_listener(put_together, "before_server_start")
    app.register_listener(listening, "after_server_start")
    app.register_listener(stopping, "before_server_stop")
    app.register_listener(stopped, "after_server_stop")
    app.run(sock=listener, protocol=StrictProtocol, single_process=True, motd=False, access_log=False)


async def _announce(facade: Facade, status_fd: int | None) -> None:
    """Says ready when the core has answered; a core that is not there yet is waited for."""
    # Not asked before somebody listens: gRPC rests a second after a connection that failed, and both start at once.
    # The socket's file alone says nothing, for a core that crashed leaves it behind.
    while not await _is_listening(facade.settings.core_socket):
        await asyncio.sleep(0.02)
    while True:
        try:
            metadata = await facade.discovery.current()
            break
        except Refusal:
            await asyncio.sleep(0.1)
    address = facade.settings.address
    if metadata.issuer != address.origin + address.path:
        _log.error("the core's issuer is %s, this facade serves %s", metadata.issuer, address.origin + address.path)
    if status_fd is not None:
        # Whoever started us may have stopped listening.
        with suppress(BrokenPipeError):
            os.write(status_fd, json.dumps({"event": "ready"}).encode() + b"\n")
        os.close(status_fd)


async def _is_listening(socket_path: str) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(socket_path)
    except OSError:
        return False
    writer.close()
    return True


def _watch(app: WebServer, lifeline_fd: int) -> None:
    if not os.read(lifeline_fd, 1024):
        asyncio.get_running_loop().remove_reader(lifeline_fd)
        app.stop(terminate=False)
