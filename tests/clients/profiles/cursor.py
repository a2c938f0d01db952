"""Cursor: three redirect URIs in one registration, of which it then uses any."""

from typing import Final

from tests.clients.profile import AUTHORIZE, RESOURCE, Profile, without

_HOSTED: Final = "https://www.cursor.com/agents/mcp/oauth/callback"
_REGISTRATION: Final = {
    "client_name": "Cursor",
    "redirect_uris": ["cursor://anysphere.cursor-mcp/oauth/callback", _HOSTED, "http://localhost:8787/callback"],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
    "application_type": "web",
}

PROFILES: Final = (
    Profile(
        tool="Cursor",
        registration=_REGISTRATION,
        redirect_uri="http://localhost:8787/callback",
        authorize=AUTHORIZE + RESOURCE,
    ),
    Profile(
        tool="Cursor",
        way="by its own scheme",
        registration={name: value for name, value in _REGISTRATION.items() if name != "application_type"},
        redirect_uri="cursor://anysphere.cursor-mcp/oauth/callback",
        # Its first versions sent none.
        state="",
        authorize=without(AUTHORIZE, "state") + RESOURCE,
    ),
    Profile(
        tool="Cursor",
        way="and its agents",
        registration=_REGISTRATION,
        settings=(f"OAuthAllowedRedirectURI = {_HOSTED}",),
        redirect_uri=_HOSTED,
        authorize=AUTHORIZE + RESOURCE,
    ),
)
