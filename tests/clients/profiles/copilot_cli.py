"""GitHub Copilot CLI: its document has a port, its listener another one; no scope but the wish to stay connected."""

from typing import Final

from tests.clients.profile import AUTHORIZE, RESOURCE, Profile

#: Once more after that it asks with `consent select_account`.
_AUTHORIZE: Final = (*AUTHORIZE, ("scope", "offline_access"), ("prompt", "consent"), *RESOURCE)

PROFILES: Final = (
    Profile(
        tool="GitHub Copilot CLI",
        document={
            "client_id": "https://github.com/copilot/cli/client-metadata.json",
            "client_name": "GitHub Copilot CLI",
            "redirect_uris": ["http://127.0.0.1:33418/"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        },
        redirect_uri="http://127.0.0.1:{port}/",
        authorize=_AUTHORIZE,
        scope="mcp offline_access",
    ),
    Profile(
        tool="GitHub Copilot CLI",
        way="that registers",
        registration={
            "client_name": "GitHub Copilot CLI",
            "redirect_uris": ["http://127.0.0.1:{port}/"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        },
        redirect_uri="http://127.0.0.1:{port}/",
        authorize=_AUTHORIZE,
        scope="mcp offline_access",
    ),
)
