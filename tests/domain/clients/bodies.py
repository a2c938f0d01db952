"""What real clients send to the registration endpoint, as data."""

from typing import Any

CLAUDE_CALLBACK = "https://claude.ai/api/mcp/auth_callback"
WORKBENCH_CALLBACK = "https://workbench.example.com/s/oauth_redirect_callback"
CHATGPT_CALLBACK = "https://chatgpt.com/connector_platform_oauth_redirect"
#: What an operator sets for the hosted ones.
ALLOWED = (CLAUDE_CALLBACK, "https://workbench.example.com/", CHATGPT_CALLBACK)

_BOTH = ["authorization_code", "refresh_token"]
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def _public(name: str, *redirect_uris: str, **members: Any) -> dict[str, Any]:
    return {
        "client_name": name,
        "redirect_uris": list(redirect_uris),
        "grant_types": _BOTH,
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        **members,
    }


_CURSOR = (
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "https://www.cursor.com/agents/mcp/oauth/callback",
    "http://localhost:8787/callback",
)

BODIES: dict[str, dict[str, Any]] = {
    "Claude Code": _public("Claude Code (mcp)", "http://localhost:3118/callback", application_type="native"),
    "Claude Code with scopes": _public("Claude Code (mcp)", "http://localhost:51234/callback", scope="mcp openid"),
    "claude.ai": _public("Claude", CLAUDE_CALLBACK, scope="claudeai", token_endpoint_auth_method="client_secret_post"),
    "claude.ai public": _public("Claude", CLAUDE_CALLBACK),
    "Codex": _public("Codex", "http://127.0.0.1:40511/callback/Zm9vYmFyYmF6", application_type="native"),
    "VS Code": _public(
        "Visual Studio Code",
        "https://insiders.vscode.dev/redirect",
        "https://vscode.dev/redirect",
        "http://127.0.0.1/",
        "http://127.0.0.1:33418/",
        client_uri="https://code.visualstudio.com",
        grant_types=[*_BOTH, _DEVICE],
        application_type="native",
    ),
    "Copilot CLI": _public("GitHub Copilot CLI", "http://127.0.0.1:43121/"),
    "Cursor": _public("Cursor", *_CURSOR),
    "Cursor as a web application": _public("Cursor", *_CURSOR, application_type="web"),
    "Gemini CLI": _public("Gemini CLI MCP Client", "http://localhost:7777/oauth/callback", scope=""),
    "mcp-remote": _public(
        "MCP CLI Client",
        "http://localhost:3335/oauth/callback",
        client_uri="https://github.com/modelcontextprotocol/mcp-cli",
        software_id="2e6dc280-f3c3-4e01-99a7-8181dbd1d23d",
        software_version="0.1.38",
        scope="openid email profile",
    ),
    "Inspector": _public("MCP Inspector", "http://localhost:6274/oauth/callback", scope="", application_type="native"),
    "ChatGPT": _public("ChatGPT", CHATGPT_CALLBACK, token_endpoint_auth_method="private_key_jwt"),
    "OpenCode": _public("OpenCode", "http://127.0.0.1:19876/mcp/oauth/callback", client_uri="https://opencode.ai"),
    "Positron": _public("Positron", WORKBENCH_CALLBACK, "http://127.0.0.1/", client_uri="https://positron.posit.co"),
    "rsconnect-python": _public("rsconnect-python", "http://127.0.0.1/callback"),
    "Publisher": _public("posit-publisher", "http://127.0.0.1/callback", grant_types=[*_BOTH, _DEVICE]),
    "Publisher on Workbench": _public("posit-publisher", WORKBENCH_CALLBACK),
    "MCP Python SDK": {
        "redirect_uris": ["http://localhost:3030/callback"],
        "grant_types": _BOTH,
        "response_types": ["code"],
        "scope": "mcp",
        "client_name": "MCP Python client",
    },
    "nulls where others leave members out": {
        "redirect_uris": ["http://localhost:3030/callback"],
        "token_endpoint_auth_method": None,
        "grant_types": None,
        "response_types": None,
        "scope": None,
        "client_name": None,
        "client_uri": None,
        "logo_uri": None,
        "contacts": None,
        "tos_uri": None,
        "policy_uri": None,
        "jwks_uri": None,
        "jwks": None,
        "software_id": None,
        "software_version": None,
    },
    "empty strings": {
        "redirect_uris": ["http://localhost:3030/callback"],
        "client_name": "",
        "client_uri": "",
        "logo_uri": "",
        "scope": "",
    },
    "redirect URIs alone": {"redirect_uris": ["http://[::1]:8000/cb"]},
    "unknown members": _public(
        "Curious",
        "http://localhost:1/cb",
        x_vendor={"nested": [1, 2, None]},
        require_signed_request_object=True,
        default_max_age=3600,
        id_token_signed_response_alg="ES256",
        post_logout_redirect_uris=["http://localhost/bye"],
    ),
    "a secret asked for": _public(
        "Wants a secret", "http://localhost/cb", token_endpoint_auth_method="client_secret_basic"
    ),
    "names in several languages": {
        "redirect_uris": ["http://localhost/cb"],
        "client_name": "Werkzeug",
        "client_name#ja-Jpan-JP": "クライアント名",
        "client_uri#fr": "https://example.com/fr",
        "contacts": ["ve7jtb@example.com"],
    },
}
