"""A protected MCP server, as a service next to Tokenhouse would be: made with the SDK, tokens validated over gRPC."""

import socket
import threading
from types import TracebackType
from typing import Any, Self

import anyio.to_thread
import uvicorn
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer

from tests.patience import PATIENCE
from tests.running import Running


class TokenhouseVerifier:
    """The SDK's TokenVerifier: every token is asked about anew, for this resource alone."""

    def __init__(self, running: Running, resource: str) -> None:
        self._running = running
        self._resource = resource
        #: Every token that was presented, in order.
        self.presented: list[str] = []

    async def verify_token(self, token: str) -> AccessToken | None:
        """What Tokenhouse says of it; None is a 401."""
        self.presented.append(token)
        answer = await anyio.to_thread.run_sync(self._running.validate, token, self._resource)
        if not answer.active:
            return None
        return AccessToken(
            token=token,
            client_id=answer.client_id,
            scopes=list(answer.scope),
            expires_at=answer.expires_at,
            resource=self._resource,
            subject=answer.subject,
            claims={"iss": self._running.issuer, "username": answer.username, "groups": list(answer.groups)},
        )


class ProtectedMcpServer:
    """Listens from `with` on and names the issuer in its RFC 9728 metadata; its one tool says who calls."""

    def __init__(self, running: Running) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/mcp"
        self.verifier = TokenhouseVerifier(running, self.url)
        server = MCPServer(
            "Who am I",
            token_verifier=self.verifier,
            # Text, because a URL object would have been given a slash: issuers are compared as strings (RFC 8414 §3.3).
            auth=AuthSettings.model_validate(
                {
                    "issuer_url": running.issuer,
                    "resource_server_url": self.url,
                    "required_scopes": ["mcp"],
                    "validate_token_resource": True,
                }
            ),
            log_level="WARNING",
        )
        server.tool()(whoami)
        config = uvicorn.Config(server.streamable_http_app(), log_level="warning", timeout_graceful_shutdown=1)
        self._web_server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._web_server.run, kwargs={"sockets": [self._listener]})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._web_server.should_exit = True
        self._thread.join(PATIENCE)
        self._listener.close()


def whoami() -> dict[str, Any]:
    """Who calls, as the token's validation says."""
    token = get_access_token()
    assert token is not None
    claims = token.claims or {}
    return {"username": claims["username"], "groups": claims["groups"], "scopes": token.scopes}
