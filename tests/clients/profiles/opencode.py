"""OpenCode: a document that lists another path than the one it listens at, which a file of the operator's mends."""

import json
from typing import Final

from tests.clients.profile import AUTHORIZE, RESOURCE, Profile
from tests.repository.checkout import ROOT, text_of

_REDIRECT_URI: Final = "http://127.0.0.1:19876/mcp/oauth/callback"
#: Which is not in it.
PUBLISHED: Final = {
    "client_id": "https://opencode.ai/oauth/opencode/client.json",
    "client_name": "opencode",
    "client_uri": "https://opencode.ai",
    "logo_uri": "https://opencode.ai/web-app-manifest-512x512.png",
    "application_type": "native",
    "redirect_uris": ["http://127.0.0.1/callback", "http://localhost/callback"],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
    "token_endpoint_auth_methods_supported": ["none"],
}

PROFILES: Final = (
    Profile(
        tool="OpenCode",
        document=json.loads(text_of(ROOT / "deploy" / "clients" / "opencode.json")),
        settings=("File = deploy/clients/opencode.json",),
        redirect_uri=_REDIRECT_URI,
        authorize=AUTHORIZE + RESOURCE,
    ),
    Profile(
        tool="OpenCode",
        way="that registers",
        registration={
            "client_name": "OpenCode",
            "client_uri": "https://opencode.ai",
            "redirect_uris": [_REDIRECT_URI],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "scope": "mcp offline_access",
        },
        redirect_uri=_REDIRECT_URI,
        authorize=(*AUTHORIZE, ("scope", "mcp offline_access"), ("prompt", "consent"), *RESOURCE),
        scope="mcp offline_access",
    ),
)
