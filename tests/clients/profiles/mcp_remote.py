"""mcp-remote: looks at the root alone, and asks for scopes of OpenID Connect where it has found none."""

from typing import Final

from tests.clients.profile import AUTHORIZE, INSERTED, RESOURCE, Profile

PROFILES: Final = (
    Profile(
        tool="mcp-remote",
        probes=(INSERTED,),
        headers={"Accept": "application/json"},
        registration={
            "client_name": "MCP CLI Client",
            "client_uri": "https://github.com/modelcontextprotocol/mcp-cli",
            "redirect_uris": ["http://localhost:{port}/oauth/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "scope": "openid email profile",
            "software_id": "2e6dc280-f3c3-4e01-99a7-8181dbd1d23d",
            "software_version": "0.1.38",
            "token_endpoint_auth_method": "none",
        },
        redirect_uri="http://localhost:{port}/oauth/callback",
        authorize=(*AUTHORIZE, ("scope", "openid email profile"), *RESOURCE),
    ),
)
