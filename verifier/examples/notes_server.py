"""A protected MCP server, made with the MCP Python SDK: each user has notes of their own."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.mcpserver import MCPServer
from starlette.applications import Starlette
from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.mcp import McpTokenVerifier
from tokenhouse_verifier.protected_resource import metadata_url


def make_app(core: str, resource: str, scopes: Sequence[str], issuer: str, say: Callable[[str], None]) -> Starlette:
    """The server at `resource`; `say` is told of each call."""
    verifier = AsyncTokenVerifier(
        core, audience=resource, required_scopes=scopes, resource_metadata=metadata_url(resource)
    )
    door = McpTokenVerifier(verifier, issuer=issuer)
    server = MCPServer("Tokenhouse demo", token_verifier=door, auth=door.auth, log_level="WARNING")
    add_tools(server, say)
    return door.protect(server.streamable_http_app())


def add_tools(server: MCPServer, say: Callable[[str], None]) -> None:
    """What a client can call."""
    #: By the user's subject, which is never somebody else's.
    notes: dict[str, list[str]] = defaultdict(list)

    @server.tool()
    def whoami() -> dict[str, Any]:
        """Who you are to this server."""
        user = called("whoami")
        return {"username": user["username"], "groups": user["groups"]}

    @server.tool()
    def add_note(text: str) -> int:
        """Keep a note until the demo ends; the number of your notes."""
        mine = notes[called("add_note")["subject"]]
        mine.append(text)
        return len(mine)

    @server.tool()
    def list_notes() -> list[str]:
        """Your own notes."""
        return notes[called("list_notes")["subject"]]

    def called(tool: str) -> dict[str, Any]:
        """Who calls."""
        token = get_access_token()
        if token is None or token.claims is None:
            raise PermissionError("no call gets here without a token")
        groups = ", ".join(token.claims["groups"]) or "no groups"
        say(f"{time.strftime('%H:%M:%S')}  {token.claims['username']} ({groups}) called {tool}")
        return {"subject": token.subject, **token.claims}
