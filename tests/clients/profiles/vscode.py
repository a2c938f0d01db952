"""VS Code with Copilot: a document or a registration with four redirect URIs; its state is a URL, its port changes."""

from typing import Final

from tests.clients.profile import AUTHORIZE, INSERTED, OPENID, RESOURCE, Profile

_REDIRECT_URIS: Final = (
    "https://insiders.vscode.dev/redirect",
    "https://vscode.dev/redirect",
    "http://127.0.0.1/",
    "http://127.0.0.1:33418/",
)
_STATE: Final = (
    "vscode://dynamicauthprovider/mcp.example.com/authorize?nonce=9f%2Fq&windowId=2&callback="
    + "https%3A%2F%2Fexample.com%2F%3Fa%3Db%26c%3D" * 110
)
_DOCUMENT: Final = {
    "client_id": "https://vscode.dev/oauth/client-metadata.json",
    "client_name": "Visual Studio Code",
    "client_uri": "https://code.visualstudio.com",
    "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
    "application_type": "native",
    "redirect_uris": list(_REDIRECT_URIS),
}

PROFILES: Final = (
    Profile(
        tool="VS Code",
        probes=(INSERTED, OPENID),
        document=_DOCUMENT,
        redirect_uri="https://vscode.dev/redirect",
        state=_STATE,
        authorize=(*AUTHORIZE, ("scope", "mcp"), ("prompt", "select_account"), *RESOURCE),
    ),
    Profile(
        tool="VS Code",
        way="that registers",
        probes=(INSERTED, OPENID),
        registration={
            "client_name": "Visual Studio Code",
            "client_uri": "https://code.visualstudio.com",
            "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
            "response_types": ["code"],
            "redirect_uris": list(_REDIRECT_URIS),
            "scope": "mcp",
            "token_endpoint_auth_method": "none",
            "application_type": "native",
        },
        # Where 33418 is taken.
        redirect_uri="http://127.0.0.1:{port}/",
        state=_STATE,
        authorize=(*AUTHORIZE, ("scope", "mcp"), ("prompt", "select_account"), *RESOURCE),
    ),
)
