"""The door for Sanic. Needs the extra `sanic`."""

from collections.abc import Collection
from typing import Any

from sanic import HTTPResponse, Request, Sanic

from tokenhouse_verifier.asgi import require_paths
from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.bearer import join_authorizations
from tokenhouse_verifier.errors import NotVerified
from tokenhouse_verifier.protected_resource import METHODS, ProtectedResource

#: Before the application's own middleware, which may look at the token.
_FIRST = 1_000


def protect(
    app: "Sanic[Any, Any]",
    verifier: AsyncTokenVerifier,
    *,
    metadata: ProtectedResource | None = None,
    public_paths: Collection[str] = (),
) -> None:
    """Let no request without a good token through; handlers find it in `request.ctx.access_token`.

    A handler that raises NotVerified (`require_scopes`) is answered for in the same way. `metadata` is served at its
    own path; `public_paths` need no token, and are taken exactly as they are.

    Raises:
        ValueError: an argument that cannot be used.
    """
    public = require_paths(public_paths) | (frozenset() if metadata is None else frozenset({metadata.path}))

    async def verify(request: Request) -> None:
        if request.path not in public:
            values = request.headers.getall("authorization", [])
            request.ctx.access_token = await verifier.verify_authorization(join_authorizations(values))

    async def refuse(_request: Request, refusal: NotVerified) -> HTTPResponse:
        return HTTPResponse(refusal.body, refusal.status, refusal.headers, "application/json")

    app.register_middleware(verify, "request", priority=_FIRST)
    app.exception(NotVerified)(refuse)
    if metadata is not None:
        _serve(app, metadata)


def _serve(app: "Sanic[Any, Any]", metadata: ProtectedResource) -> None:
    async def answer(request: Request) -> HTTPResponse:
        status, headers, body = metadata.answer(request.method)
        return HTTPResponse(body, status, headers, headers.get("Content-Type"))

    app.add_route(answer, metadata.path, methods=METHODS, name="protected_resource_metadata", strict_slashes=True)
