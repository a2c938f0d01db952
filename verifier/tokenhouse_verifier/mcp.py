"""The door for servers made with the MCP Python SDK. Needs the extra `mcp`."""

from contextvars import ContextVar
from typing import Any, TypeVar

from mcp.server.auth.provider import AccessToken as McpAccessToken
from mcp.server.auth.settings import AuthSettings
from pydantic import Field
from starlette.applications import Starlette

from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.asgi import Application, Message, Receive, Scope, Send, authorization_of, refuse
from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.errors import InvalidRequest, InvalidToken, NotVerified
from tokenhouse_verifier.protected_resource import metadata_url

#: Where a refusal waits for the request's answer.
_refusals: ContextVar[list[NotVerified]] = ContextVar("refusals")
Starlettes = TypeVar("Starlettes", bound=Starlette)


class VerifiedToken(McpAccessToken):
    """The SDK's access token, but that the token does not show."""

    token: str = Field(repr=False)


class McpTokenVerifier:
    """The SDK's `TokenVerifier`, and the settings that belong to it."""

    def __init__(self, verifier: AsyncTokenVerifier, *, issuer: str) -> None:
        """`issuer` is the authorization server's, spelled as in its metadata.

        Raises:
            ValueError: the verifier does not name the metadata that the SDK serves.
        """
        require_metadata(verifier)
        self.verifier = verifier
        self.issuer = issuer

    @property
    def auth(self) -> AuthSettings:
        """The server's `auth`: with it the SDK serves the protected-resource metadata (RFC 9728)."""
        # Texts, since issuers are compared as strings (RFC 8414 §3.3).
        return AuthSettings.model_validate(
            {
                "issuer_url": self.issuer,
                "resource_server_url": self.verifier.audience,
                "required_scopes": list(self.verifier.required_scopes),
                "validate_token_resource": True,
            }
        )

    async def verify_token(self, token: str) -> McpAccessToken | None:
        """The SDK's protocol. None is a 401, which RefusalMiddleware words.

        Raises:
            NotVerified: it is good but not for this, or nobody can tell, and there is no RefusalMiddleware to say so.
        """
        verified = await verify_or_keep(self.verifier, token)
        return None if verified is None else VerifiedToken(**fields_of(verified, token, self.verifier, self.issuer))

    def protect(self, app: Starlettes) -> Starlettes:
        """The application that the SDK has made, with refusals in Tokenhouse's words: see RefusalMiddleware."""
        app.add_middleware(RefusalMiddleware, verifier=self.verifier)
        return app


class RefusalMiddleware:
    """Puts the verifier's own answer in the place of the SDK's 401, which is the only one that the SDK knows.

    So a missing scope is a 403, a core that cannot be asked a 503, and each challenge is complete. And the SDK, which
    would read the first of several `Authorization` headers, is shown what they come to: no token (RFC 9110 §11.6.2).
    """

    def __init__(self, app: Application, verifier: AsyncTokenVerifier) -> None:
        self._app = app
        self._verifier = verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = _with_one_authorization(scope)
        refusals: list[NotVerified] = []
        replaced = False

        async def rewording(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and _is_challenge(message):
                replaced = True
                await refuse(await self._reason(refusals, scope), scope, send)
            elif not replaced:
                await send(message)

        reset = _refusals.set(refusals)
        try:
            await self._app(scope, receive, rewording)
        finally:
            _refusals.reset(reset)

    async def _reason(self, refusals: list[NotVerified], scope: Scope) -> NotVerified:
        if refusals:
            return refusals[-1]
        try:
            # Nobody was asked, for the SDK has found no token; this says what is there instead.
            await self._verifier.verify_authorization(authorization_of(scope))
        except NotVerified as refusal:
            return refusal
        return InvalidToken("the token is not for this service")


async def verify_or_keep(verifier: AsyncTokenVerifier, token: str) -> AccessToken | None:
    """The verified token; None after the refusal has been kept for RefusalMiddleware.

    Raises:
        NotVerified: there is none, and for this refusal a 401 would be wrong.
    """
    try:
        return await verifier.verify_authorization(f"Bearer {token}")
    except NotVerified as refusal:
        waiting = _refusals.get(None)
        if waiting is None and not isinstance(refusal, InvalidToken | InvalidRequest):
            raise
        if waiting is not None:
            waiting.append(refusal)
        return None


def fields_of(verified: AccessToken, token: str, verifier: AsyncTokenVerifier, issuer: str) -> dict[str, Any]:
    """What the SDK's access token is made of."""
    return {
        "token": token,
        "client_id": verified.client_id,
        "scopes": list(verified.scopes),
        "expires_at": verified.expires_at,
        # Of a token for several resources the one that is here; the verifier has checked it.
        "resource": verifier.audience,
        "subject": verified.subject,
        "claims": {
            "iss": issuer,
            "username": verified.username,
            "groups": list(verified.groups),
            "grant_id": verified.grant_id,
        },
    }


def require_metadata(verifier: AsyncTokenVerifier) -> None:
    """Challenges name the very metadata that the SDK serves.

    Raises:
        ValueError: they name none, or another one.
    """
    served = metadata_url(verifier.audience)
    if verifier.resource_metadata != served:
        raise ValueError(f"the SDK serves the metadata at {served}: give the verifier resource_metadata={served!r}")


def _with_one_authorization(scope: Scope) -> Scope:
    headers = [header for header in scope["headers"] if header[0].lower() != b"authorization"]
    if len(scope["headers"]) - len(headers) < 2:
        return scope
    return {**scope, "headers": [*headers, (b"authorization", (authorization_of(scope) or "").encode("latin-1"))]}


def _is_challenge(message: Message) -> bool:
    if message["status"] != 401:
        return False
    challenges = [value for name, value in message["headers"] if name.lower() == b"www-authenticate"]
    return any(value.lower().startswith(b"bearer") for value in challenges)
