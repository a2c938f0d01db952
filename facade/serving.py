"""The life of the process: start, say ready, serve, stop when told or when the parent is gone."""

import asyncio
import gc
import json
import logging
import os
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass

import uvloop

from facade.app import locate
from facade.cookies import Cookies
from facade.core_client import DEADLINE, CoreClient
from facade.discovery import Discovery
from facade.errors import Refusal
from facade.facade import Facade
from facade.gate import Gate
from facade.metrics.facade_metrics import FacadeMetrics
from facade.metrics.server import create_metrics_server
from facade.pages.rendering import Pages
from facade.settings import Settings
from facade.tls import Tls
from facade.tracing import load_tracing
from facade.web_server import create_web_server, drain, listen

_log = logging.getLogger("facade")


@dataclass(frozen=True, slots=True)
class Descriptors:
    """What the process was given to serve on."""

    listener: socket.socket
    #: Somebody else holds it too, and it listened before this process began: whoever connects waits to be accepted.
    is_held: bool
    #: Where metrics are told; None: nowhere.
    metrics_listener: socket.socket | None
    #: Gets one line of JSON once requests can be answered.
    status_fd: int | None
    #: Ends with the parent.
    lifeline_fd: int | None


def serve(settings: Settings, descriptors: Descriptors, tls: Tls | None = None) -> None:
    """Serves until SIGTERM, SIGINT or the end of the lifeline; requests in flight finish first."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, descriptors, tls))


async def _serve(settings: Settings, descriptors: Descriptors, tls: Tls | None) -> None:
    loop = asyncio.get_running_loop()
    told_to_stop = asyncio.Event()
    # Before anybody can connect. Sanic's own way to run listens first, and for a moment a signal ends the process.
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told_to_stop.set)
    loop.add_signal_handler(signal.SIGHUP, _log.info, "SIGHUP: nothing to reload here, the core reloads")
    # Whoever started us may have held them back until now.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    if descriptors.lifeline_fd is not None:
        loop.add_reader(descriptors.lifeline_fd, _watch, descriptors.lifeline_fd, told_to_stop)

    metrics = FacadeMetrics()
    tracing = load_tracing(settings)
    core = CoreClient(settings.core_socket, metrics.core_calls, tracing)
    pages = Pages(settings.address, settings.branding)
    facade = Facade(
        settings, core, Discovery(core, settings.trusted_proxies), Cookies(https=settings.address.https), pages
    )
    gate = Gate(facade, metrics.http, tracing=tracing)
    meeting = loop.create_task(_meet_core(facade))
    if descriptors.is_held:
        await _wait_for_either(meeting, told_to_stop)
    server = await listen(create_web_server(dict(locate(pages)), gate), descriptors.listener, tls)
    metrics_server = None
    if descriptors.metrics_listener is not None:
        metrics_server = await listen(create_metrics_server(facade, metrics.registry), descriptors.metrics_listener)
    # What is here now stays: the collector passes over it, and hardly anything later makes a cycle.
    gc.freeze()
    gc.set_threshold(20_000, 10, 50)
    announcing = loop.create_task(_announce(meeting, descriptors.status_fd))
    await told_to_stop.wait()
    gate.stopping = True
    announcing.cancel()
    await asyncio.wait([announcing])
    await drain(server)
    if metrics_server is not None:
        await drain(metrics_server, 1.0)
    await facade.discovery.close()
    await core.close()
    if tracing is not None:
        await loop.run_in_executor(None, tracing.stop)


async def _wait_for_either(meeting: asyncio.Task[None], told_to_stop: asyncio.Event) -> None:
    """Until the core has answered, for as long as a request would wait for it, or nobody wants to know any more."""
    stop = asyncio.ensure_future(told_to_stop.wait())
    await asyncio.wait([meeting, stop], timeout=DEADLINE, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()


async def _meet_core(facade: Facade) -> None:
    """Returns when the core has answered; one that is not there yet is waited for."""
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


async def _announce(meeting: asyncio.Task[None], status_fd: int | None) -> None:
    """Says ready when requests can be answered."""
    await meeting
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


def _watch(lifeline_fd: int, told_to_stop: asyncio.Event) -> None:
    if not os.read(lifeline_fd, 1024):
        asyncio.get_running_loop().remove_reader(lifeline_fd)
        told_to_stop.set()
