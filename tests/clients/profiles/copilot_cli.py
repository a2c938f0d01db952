"""GitHub Copilot CLI: its document has a port, its listener another one, and since 1.0.102 another path, too, which a
file of the operator's mends; no scope but what the service asks for and the wish to stay connected."""

import json
from typing import Final

from tests.clients.profile import AUTHORIZE, RESOURCE, Profile
from tests.repository.checkout import ROOT, text_of

#: Once more after that it asks with `consent select_account`.
_AUTHORIZE: Final = (*AUTHORIZE, ("scope", "offline_access"), ("prompt", "consent"), *RESOURCE)
#: Which lacks what it listens at now.
PUBLISHED: Final = {
    "client_id": "https://github.com/copilot/cli/client-metadata.json",
    "client_name": "GitHub Copilot CLI",
    "application_type": "native",
    "redirect_uris": ["http://127.0.0.1:33418/"],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
}
#: What the file has lets in both.
_DOCUMENT: Final = json.loads(text_of(ROOT / "deploy" / "clients" / "copilot_cli.json"))

PROFILES: Final = (
    Profile(
        tool="GitHub Copilot CLI",
        document=_DOCUMENT,
        settings=("File = deploy/clients/copilot_cli.json",),
        redirect_uri="http://127.0.0.1:{port}/callback",
        authorize=(*AUTHORIZE, ("scope", "mcp offline_access"), ("prompt", "consent"), *RESOURCE),
        scope="mcp offline_access",
    ),
    Profile(
        tool="GitHub Copilot CLI",
        way="before 1.0.102",
        document=_DOCUMENT,
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
