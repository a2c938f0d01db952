"""Codex: one document or one for each service, or a registration; names a service twice, refreshes in crowds."""

from typing import Final

from tests.clients.profile import AUTHORIZE, INSERTED, OPENID, REFRESH, RESOURCE, Profile

_HEADERS: Final = {
    "Accept": "*/*",
    "Accept-Encoding": "zstd,gzip",
    "User-Agent": "codex-mcp-client/0.171.0",
    "MCP-Protocol-Version": "2024-11-05",
}
#: In an order of its own.
_AUTHORIZE: Final = (
    ("response_type", "code"),
    ("client_id", "{client_id}"),
    ("state", "{state}"),
    ("code_challenge", "{challenge}"),
    ("code_challenge_method", "S256"),
    ("redirect_uri", "{redirect_uri}"),
    ("scope", "mcp offline_access"),
    *RESOURCE,
)
_PROBES: Final = (f"{INSERTED}/mcp", f"{OPENID}/mcp", INSERTED)
_CALLBACK_ID: Final = "Zm9vYmFyYmF6"
#: Everything that was granted, and what the metadata say that there is, granted or not.
_REFRESH: Final = (*REFRESH, ("scope", "{scope} offline_access"), *RESOURCE)


def _document(client_id: str, path: str) -> dict[str, object]:
    return {
        "client_id": client_id,
        "client_name": "Codex",
        "client_uri": "https://chatgpt.com/codex",
        "application_type": "native",
        "redirect_uris": [f"http://127.0.0.1{path}", f"http://localhost{path}"],
        "token_endpoint_auth_method": "none",
        "token_endpoint_auth_methods_supported": ["none"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
    }


PROFILES: Final = (
    Profile(
        tool="Codex",
        headers=_HEADERS,
        document=_document("https://chatgpt.com/oauth/codex/client.json", "/callback"),
        redirect_uri="http://127.0.0.1:{port}/callback",
        authorize=_AUTHORIZE,
        refresh=_REFRESH,
        refreshes_at_once=5,
        scope="mcp offline_access",
    ),
    Profile(
        tool="Codex",
        way="that is told to register",
        headers=_HEADERS,
        registration={
            "client_name": "Codex",
            "redirect_uris": ["http://127.0.0.1:{port}/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
            "response_types": ["code"],
            "scope": "mcp offline_access",
            "application_type": "native",
        },
        redirect_uri="http://127.0.0.1:{port}/callback",
        authorize=_AUTHORIZE,
        refresh=_REFRESH,
        refreshes_at_once=5,
        scope="mcp offline_access",
    ),
    Profile(
        tool="Codex",
        way="with a document for one service",
        headers=_HEADERS,
        document=_document(f"https://chatgpt.com/oauth/codex/{_CALLBACK_ID}/client.json", f"/callback/{_CALLBACK_ID}"),
        redirect_uri=f"http://127.0.0.1:{{port}}/callback/{_CALLBACK_ID}",
        authorize=(*AUTHORIZE, ("scope", "mcp"), *RESOURCE),
        refresh=_REFRESH,
        refreshes_at_once=5,
    ),
    Profile(
        tool="Codex",
        way="of before, that registers",
        probes=_PROBES,
        headers=_HEADERS,
        registration={
            "client_name": "Codex",
            "redirect_uris": [f"http://127.0.0.1:{{port}}/callback/{_CALLBACK_ID}"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
            "response_types": ["code"],
            "application_type": "native",
        },
        redirect_uri=f"http://127.0.0.1:{{port}}/callback/{_CALLBACK_ID}",
        # By itself, and once more where `oauth_resource` is configured.
        authorize=(*AUTHORIZE, *RESOURCE, *RESOURCE),
        refresh=_REFRESH,
        refreshes_at_once=5,
    ),
)
