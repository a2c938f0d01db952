"""claude.ai and Claude Desktop's connectors: they run at their makers', and register again at each connection."""

from typing import Final

from tests.clients.profile import AUTHORIZE, INSERTED, OPENID, RESOURCE, Profile

_CALLBACK: Final = "https://claude.ai/api/mcp/auth_callback"
_HEADERS: Final = {"Accept": "*/*", "User-Agent": "Claude-User", "MCP-Protocol-Version": "2025-11-25"}

PROFILES: Final = (
    Profile(
        tool="claude.ai",
        probes=(INSERTED, OPENID),
        headers=_HEADERS,
        document={
            "client_id": "https://claude.ai/oauth/mcp-oauth-client-metadata",
            "client_name": "Claude",
            "client_uri": "https://claude.ai",
            "redirect_uris": [_CALLBACK, "https://claude.com/api/mcp/auth_callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        },
        settings=("TrustedClientHost = claude.ai",),
        redirect_uri=_CALLBACK,
        authorize=(*AUTHORIZE, ("scope", "mcp offline_access"), *RESOURCE),
        scope="mcp offline_access",
    ),
    *(
        Profile(
            tool="claude.ai",
            way=f"that registers, from {host}",
            headers=_HEADERS,
            registration={
                "client_name": "Claude",
                "redirect_uris": [f"https://{host}/api/mcp/auth_callback"],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
                "scope": "claudeai",
            },
            settings=(f"OAuthAllowedRedirectURI = https://{host}/api/mcp/auth_callback",),
            redirect_uri=f"https://{host}/api/mcp/auth_callback",
            # A scope that nobody here knows.
            authorize=(*AUTHORIZE, ("scope", "claudeai"), *RESOURCE),
        )
        for host in ("claude.ai", "claude.com")
    ),
)
