"""The door for ASGI applications: Starlette, FastAPI and every other framework that speaks it."""

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import unquote

from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.bearer import join_authorizations
from tokenhouse_verifier.errors import NotVerified
from tokenhouse_verifier.protected_resource import ProtectedResource

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

#: WebSocket requests are refused with this where the server cannot send an HTTP answer (RFC 6455 §7.4.1).
_POLICY_VIOLATION = 1008


class BearerMiddleware:
    """Lets no request without a good token through; the application finds it in `state["access_token"]`.

    An application that raises NotVerified before it has answered (`require_scopes`) is answered for in the same way.
    """

    def __init__(
        self,
        app: Application,
        verifier: AsyncTokenVerifier,
        *,
        metadata: ProtectedResource | None = None,
        public_paths: Collection[str] = (),
    ) -> None:
        """`metadata` is served at its own path; `public_paths` need no token, and are taken exactly as they are."""
        self._app = app
        self._verifier = verifier
        self._metadata = metadata
        self._metadata_path = None if metadata is None else unquote(metadata.path)
        self._public = require_paths(public_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan" or scope["path"] in self._public:
            await self._app(scope, receive, send)
        elif scope["type"] == "http" and self._metadata is not None and scope["path"] == self._metadata_path:
            await _respond(send, *self._metadata.answer(scope["method"]))
        else:
            await self._verified(scope, receive, send)

    async def _verified(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noticing(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            token = await self._verifier.verify_authorization(authorization_of(scope))
            # A dictionary of its own: the server's may be everybody's.
            scope["state"] = {**scope.get("state", {}), "access_token": token}
            await self._app(scope, receive, noticing)
        except NotVerified as refusal:
            if begun:
                raise
            await refuse(refusal, scope, send)


def require_paths(paths: Collection[str]) -> frozenset[str]:
    """Paths that need no token.

    Raises:
        ValueError: they are none.
    """
    if isinstance(paths, str) or not all(path.startswith("/") for path in paths):
        raise ValueError('public_paths is a list of paths that begin with "/"')
    return frozenset(paths)


def authorization_of(scope: Scope) -> str | None:
    """The request's `Authorization`; None where it has none."""
    return join_authorizations(
        [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"authorization"]
    )


async def refuse(refusal: NotVerified, scope: Scope, send: Send) -> None:
    """Answer a request for which there is no verified token."""
    headers = refusal.headers | {"Content-Type": "application/json"}
    if scope["type"] == "http":
        await _respond(send, refusal.status, headers, refusal.body)
    elif "websocket.http.response" in (scope.get("extensions") or {}):
        await _respond(send, refusal.status, headers, refusal.body, kind="websocket.http.response")
    else:
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": refusal.code})


async def _respond(
    send: Send, status: int, headers: dict[str, str], body: bytes, *, kind: str = "http.response"
) -> None:
    # A 204 has no length (RFC 9110 §8.6).
    told = headers if status == 204 else headers | {"Content-Length": str(len(body))}
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in told.items()]
    await send({"type": f"{kind}.start", "status": status, "headers": encoded})
    await send({"type": f"{kind}.body", "body": body})
