"""Claude Code: a document without ports, or a registration; many processes share one refresh token."""

from typing import Final

from tests.clients.profile import AUTHORIZE, INSERTED, OPENID, REFRESH, TOKEN, Profile

_HEADERS: Final = {"Accept": "application/json", "MCP-Protocol-Version": "2025-11-25"}
#: Its URL type writes the slash that the service's own name does not have.
_WITH_SLASH: Final = (("resource", "{resource}/"),)

PROFILES: Final = (
    Profile(
        tool="Claude Code",
        probes=(INSERTED, OPENID),
        headers=_HEADERS,
        document={
            "client_id": "https://claude.ai/oauth/claude-code-client-metadata",
            "client_name": "Claude Code",
            "client_uri": "https://claude.ai",
            "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        },
        redirect_uri="http://localhost:{port}/callback",
        authorize=(*AUTHORIZE, ("scope", "mcp offline_access"), ("prompt", "consent"), *_WITH_SLASH),
        token=TOKEN + _WITH_SLASH,
        refresh=REFRESH + _WITH_SLASH,
        refreshes_at_once=3,
        resource="https://mcp.example.com",
        scope="mcp offline_access",
    ),
    Profile(
        tool="Claude Code",
        way="that registers",
        probes=(INSERTED, OPENID),
        headers=_HEADERS,
        registration={
            "client_name": "Claude Code (reports)",
            "redirect_uris": ["http://localhost:{port}/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "native",
            "scope": "mcp",
        },
        redirect_uri="http://localhost:{port}/callback",
        # Never registered, and asked for all the same.
        authorize=(*AUTHORIZE, ("scope", "mcp offline_access"), ("prompt", "consent"), *_WITH_SLASH),
        token=TOKEN + _WITH_SLASH,
        refresh=REFRESH + _WITH_SLASH,
        refreshes_at_once=3,
        resource="https://mcp.example.com",
        scope="mcp offline_access",
    ),
)
