"""What only some doors have: WebSockets, lifespans, answers that have begun, and arguments that cannot be used."""

import json
from typing import Any

import pytest
from sanic import Sanic
from tokenhouse_verifier.asgi import BearerMiddleware
from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.errors import InsufficientScope
from tokenhouse_verifier.sanic import protect

from tests.rpc.road import Road
from tests.serving import ISSUER, Serving

MCP = "https://mcp.example.com/mcp"


class Inside:
    """An application that notes what gets to it, and does what it is told."""

    def __init__(self, *, fails: bool = False) -> None:
        self.seen: list[Any] = []
        self.fails = fails

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        self.seen.append(scope)
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
        if self.fails:
            raise InsufficientScope("too late")


async def _ask(app: Any, kind: str, *headers: tuple[bytes, bytes], **more: Any) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is read of a request before it is let in")

    scope = {"type": kind, "path": "/", "method": "GET", "headers": list(headers), **more}
    await app(scope, receive, send)
    return sent


@pytest.fixture
def verifier(serving: Serving) -> AsyncTokenVerifier:
    """One for server-wide tokens."""
    return AsyncTokenVerifier(f"127.0.0.1:{serving.config.grpc.listen.port}", audience=ISSUER)


async def test_a_websocket_is_closed(verifier: AsyncTokenVerifier) -> None:
    """Before it is accepted, which servers make a 403 of (ASGI, WebSocket: close); with the extension, the answer."""
    inside = Inside()
    door = BearerMiddleware(inside, verifier)

    plain = await _ask(door, "websocket")
    told = await _ask(door, "websocket", extensions={"websocket.http.response": {}})

    assert plain == [{"type": "websocket.close", "code": 1008, "reason": ""}]
    assert [message["type"] for message in told] == ["websocket.http.response.start", "websocket.http.response.body"]
    assert (told[0]["status"], dict(told[0]["headers"])[b"www-authenticate"]) == (401, b"Bearer")
    assert inside.seen == []


async def test_a_websocket_with_a_token_gets_in(verifier: AsyncTokenVerifier, user: Road) -> None:
    """It finds who it is where an HTTP request does; what servers share is left alone."""
    inside, shared = Inside(), {"pool": "of all"}
    header = (b"Authorization", f"Bearer {user.connect().access_token}".encode())

    assert await _ask(BearerMiddleware(inside, verifier), "websocket", header, state=shared) == []
    assert inside.seen[0]["state"]["access_token"].username == user.username
    assert inside.seen[0]["state"]["pool"] == "of all"
    assert shared == {"pool": "of all"}
    await verifier.close()


@pytest.mark.parametrize("path", ["/health/", "/health/all", "/healthy", "/HEALTH", "/", ""])
async def test_public_is_what_is_named_and_no_more(verifier: AsyncTokenVerifier, path: str) -> None:
    """Nothing below a public path, and nothing that merely begins like one."""
    inside = Inside()
    door = BearerMiddleware(inside, verifier, public_paths=["/health"])

    assert (await _ask(door, "http", path=path))[0]["status"] == 401
    assert (await _ask(door, "http", path="/health"))[0]["status"] == 200
    assert [scope["path"] for scope in inside.seen] == ["/health"]


async def test_a_lifespan_needs_no_token(verifier: AsyncTokenVerifier) -> None:
    """It is no request (ASGI, Lifespan)."""
    inside = Inside()
    await BearerMiddleware(inside, verifier)({"type": "lifespan"}, _ask, _ask)  # type: ignore[arg-type]
    assert inside.seen == [{"type": "lifespan"}]


async def test_a_refusal_after_the_answer_has_begun_is_an_error(verifier: AsyncTokenVerifier, user: Road) -> None:
    """There is nothing left to answer with; the server ends the connection (ASGI: an exception)."""
    header = (b"authorization", f"Bearer {user.connect().access_token}".encode())
    with pytest.raises(InsufficientScope):
        await _ask(BearerMiddleware(Inside(fails=True), verifier), "http", header)
    await verifier.close()


@pytest.mark.parametrize("header", [b"Bearer \xff", b"Bearer \xe2\x82\xac", b"\xff", b"Bearer a, Bearer b"])
async def test_bytes_that_are_no_token(verifier: AsyncTokenVerifier, header: bytes) -> None:
    """RFC 6750 §2.1: 400 or 401, never an error of ours."""
    inside = Inside()
    (start, body) = await _ask(BearerMiddleware(inside, verifier), "http", (b"authorization", header))
    assert start["status"] in (400, 401)
    assert set(json.loads(body["body"])) >= {"error_description"}
    assert inside.seen == []


def _verifier(**arguments: Any) -> AsyncTokenVerifier:
    return AsyncTokenVerifier("127.0.0.1:1", **{"audience": MCP, **arguments})


@pytest.mark.parametrize("paths", ["/health", ["health"]])
def test_public_paths_are_a_list_of_paths(paths: Any) -> None:
    """A text would open a path for each of its letters."""
    app: Sanic[Any, Any] = Sanic("wrong")
    Sanic.unregister_app(app)
    for make in (BearerMiddleware, protect):
        with pytest.raises(ValueError, match="public_paths is a list"):
            make(app, _verifier(), public_paths=paths)
