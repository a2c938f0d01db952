"""mcporter: a scope of its own invention, whatever the server says that there is."""

from typing import Final

from tests.clients.profile import AUTHORIZE, RESOURCE, Profile

PROFILES: Final = (
    Profile(
        tool="mcporter",
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
