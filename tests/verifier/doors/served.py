"""Servers behind a door, each in a thread of its own, and how they are asked."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import grpc
import grpc.aio
import httpx
import uvicorn
from sanic import Sanic

from tests.patience import PATIENCE
from tests.plain_http import plain_client

_STATUS = {
    grpc.StatusCode.OK: 200,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.UNIMPLEMENTED: 404,
    grpc.StatusCode.UNAVAILABLE: 503,
}


@dataclass(frozen=True)
class Reply:
    """An answer, its status as HTTP has it."""

    status: int
    text: str = ""
    challenge: str | None = None
    retry_after: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


Ask = Callable[..., Reply]


@contextmanager
def serve_asgi(names: dict[str, Any]) -> Iterator[Ask]:
    """`app`, by uvicorn."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(names["app"], log_level="debug", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with _client(listener) as client:
                yield lambda path, *authorizations, **options: _get(client, path, authorizations, **options)
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


@contextmanager
def serve_mcp(names: dict[str, Any]) -> Iterator[Ask]:
    """`app`, by uvicorn, by the name that its resource has; a path that is none of the metadata's is a tool."""
    host = ("Host", urlsplit(names["verifier"].audience).netloc)
    with serve_asgi(names) as ask:

        def call(path: str, *authorizations: str, **options: Any) -> Reply:
            if path.startswith("/.well-known/"):
                return ask(path, *authorizations, **options)
            return _call_tool(ask, path.strip("/"), authorizations, host)

        yield call


@contextmanager
def serve_sanic(names: dict[str, Any]) -> Iterator[Ask]:
    """`app`, by Sanic's own server."""
    app = names["app"]
    # Sanic would rewrite its own source at the start, and can do so once in a process.
    app.config.TOUCHUP = False
    with _loop() as run, socket.create_server(("127.0.0.1", 0)) as listener:

        async def start() -> Any:
            server = await app.create_server(sock=listener, return_asyncio_server=True)
            await server.startup()
            await server.start_serving()
            return server

        async def stop(server: Any) -> None:
            server.close()
            for connection in tuple(server.connections):
                connection.abort()

        server = run(start())
        try:
            with _client(listener) as client:
                yield lambda path, *authorizations, **options: _get(client, path, authorizations, **options)
        finally:
            run(stop(server))
            Sanic.unregister_app(app)


@contextmanager
def serve_grpc(names: dict[str, Any], ways: Callable[[grpc.Channel], Any] | None = None) -> Iterator[Any]:
    """`server`; `ways` says how to ask on a channel, by default as the example's methods are."""
    server = names["server"]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with _connected(port) as channel:
            yield (ways or _asking)(channel)
    finally:
        server.stop(None).wait(PATIENCE)


@contextmanager
def serve_grpc_aio(names: dict[str, Any], ways: Callable[[grpc.Channel], Any] | None = None) -> Iterator[Any]:
    """What `make_server` makes."""
    with _loop() as run:

        async def start() -> tuple[grpc.aio.Server, int]:
            server = await names["make_server"]()
            port = server.add_insecure_port("127.0.0.1:0")
            await server.start()
            return server, port

        server, port = run(start())
        try:
            with _connected(port) as channel:
                yield (ways or _asking)(channel)
        finally:
            run(server.stop(None))


def _client(listener: socket.socket) -> httpx.Client:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    return plain_client(address)


def _get(
    client: httpx.Client, path: str, authorizations: Sequence[str], *, method: str = "GET", **options: Any
) -> Reply:
    headers = [*options.pop("headers", ()), *(("Authorization", value) for value in authorizations)]
    reply = client.request(method, path, headers=headers, **options)
    told = reply.headers
    return Reply(reply.status_code, reply.text, told.get("www-authenticate"), told.get("retry-after"), dict(told))


def _call_tool(ask: Ask, tool: str, authorizations: Sequence[str], host: tuple[str, str]) -> Reply:
    """The three requests of the shortest conversation that calls a tool (MCP 2025-06-18, Streamable HTTP)."""
    session: list[tuple[str, str]] = [host, ("Accept", "application/json, text/event-stream")]

    def send(method: str, params: dict[str, Any] | None = None, number: int | None = None) -> Reply:
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method} | ({} if params is None else {"params": params})
        message |= {} if number is None else {"id": number}
        return ask("/mcp", *authorizations, method="POST", headers=session, json=message)

    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    reply = send("initialize", hello, 1)
    if reply.status != 200:
        return reply
    session += [("Mcp-Session-Id", reply.headers["mcp-session-id"]), ("Mcp-Protocol-Version", "2025-06-18")]
    for reply in (send("notifications/initialized"), send("tools/call", {"name": tool, "arguments": {}}, 2)):
        if reply.status >= 400:
            return reply
    (event,) = [line for line in reply.text.splitlines() if line.startswith("data: {")]
    return Reply(reply.status, json.loads(event.removeprefix("data: "))["result"]["content"][0]["text"])


@contextmanager
def _connected(port: int) -> Iterator[grpc.Channel]:
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0), ("grpc.enable_retries", 0)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options) as channel:
        yield channel


def _asking(channel: grpc.Channel) -> Ask:
    def ask(path: str, *authorizations: str) -> Reply:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            f"/example.Reports/{path.strip('/').capitalize()}"
        )
        metadata = tuple(("authorization", value) for value in authorizations)
        try:
            return Reply(200, call(b"", metadata=metadata, timeout=PATIENCE, wait_for_ready=True).decode())
        except grpc.RpcError as error:
            return _refused(error)

    return ask


def _refused(error: Any) -> Reply:
    trailing = {each.key: each.value for each in error.trailing_metadata() or ()}
    pushback = trailing.get("grpc-retry-pushback-ms")
    seconds = None if pushback is None else str(int(pushback) // 1000)
    return Reply(_STATUS[error.code()], error.details() or "", trailing.get("www-authenticate"), seconds)


@contextmanager
def _loop() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result(PATIENCE)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()
