"""MCP Inspector in its direct mode: a page of its own origin, whose every request is asked for first."""

from typing import Final

from tests.clients.profile import AUTHORIZE, INSERTED, OPENID, REFRESH, TOKEN, Profile

_WITH_SLASH: Final = (("resource", "{resource}/"),)

PROFILES: Final = (
    Profile(
        tool="MCP Inspector",
        probes=(f"{INSERTED}/mcp", INSERTED, OPENID),
        headers={"MCP-Protocol-Version": "2025-11-25"},
        origin="http://localhost:6274",
        registration={
            "client_name": "MCP Inspector",
            "client_uri": "https://github.com/modelcontextprotocol/inspector",
            "redirect_uris": ["http://localhost:6274/oauth/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "native",
            "scope": "",
        },
        redirect_uri="http://localhost:6274/oauth/callback",
        authorize=(*AUTHORIZE, ("scope", "mcp offline_access"), ("prompt", "consent"), *_WITH_SLASH),
        token=TOKEN + _WITH_SLASH,
        refresh=REFRESH + _WITH_SLASH,
        resource="https://mcp.example.com",
        scope="mcp offline_access",
    ),
)
