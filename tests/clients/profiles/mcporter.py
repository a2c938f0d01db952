"""mcporter: asks for what the service names; before, for a scope of its own invention."""

from typing import Final

from tests.clients.profile import AUTHORIZE, RESOURCE, Profile

PROFILES: Final = (
    Profile(
        tool="mcporter",
        headers={"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"},
        registration={
            "client_name": "mcporter (reports)",
            "redirect_uris": ["http://127.0.0.1:{port}/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "scope": "mcp",
        },
        redirect_uri="http://127.0.0.1:{port}/callback",
        authorize=(*AUTHORIZE, ("scope", "mcp"), *RESOURCE),
    ),
    Profile(
        tool="mcporter",
        way="of before",
        registration={
            "client_name": "mcporter",
            "redirect_uris": ["http://127.0.0.1:{port}/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "scope": "mcp:tools",
        },
        redirect_uri="http://127.0.0.1:{port}/callback",
        authorize=(*AUTHORIZE, ("scope", "mcp:tools"), *RESOURCE),
    ),
)
