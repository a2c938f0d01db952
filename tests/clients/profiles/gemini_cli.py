"""Gemini CLI: a scope that is the empty string, and a look at the server before it reads."""

from typing import Final

from tests.clients.profile import AUTHORIZE, INSERTED, OPENID, RESOURCE, TOKEN, Profile

PROFILES: Final = (
    Profile(
        tool="Gemini CLI",
        probes=(f"{INSERTED}/mcp", f"{OPENID}/mcp", f"/mcp{OPENID}", INSERTED, OPENID),
        head_first=True,
        registration={
            "client_name": "Gemini CLI MCP Client",
            "redirect_uris": ["http://localhost:{port}/oauth/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "scope": "",
        },
        redirect_uri="http://localhost:{port}/oauth/callback",
        # Without a scope of the service's: all that the metadata list.
        authorize=(*AUTHORIZE, ("scope", "mcp offline_access"), ("audience", "https://mcp.example.com"), *RESOURCE),
        token=(*TOKEN, ("audience", "https://mcp.example.com"), *RESOURCE),
        scope="mcp offline_access",
    ),
)
