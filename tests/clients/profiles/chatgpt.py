"""ChatGPT: a document that offers a key and goes without, or a registration with a redirect URI for each connection."""

from typing import Final

from tests.clients.profile import AUTHORIZE, INSERTED, OPENID, RESOURCE, Profile

_STABLE: Final = "https://chatgpt.com/connector_platform_oauth_redirect"
_OF_ONE_CONNECTION: Final = "https://chatgpt.com/connector/oauth/k2v9Qz3"

PROFILES: Final = (
    Profile(
        tool="ChatGPT",
        probes=(INSERTED, OPENID),
        document={
            "client_id": "https://chatgpt.com/oauth/k2v9Qz3/client.json",
            "client_name": "ChatGPT",
            "client_uri": "https://chatgpt.com",
            "redirect_uris": [_STABLE],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
            "jwks_uri": "https://chatgpt.com/oauth/jwks.json",
        },
        settings=("TrustedClientHost = chatgpt.com",),
        redirect_uri=_STABLE,
        authorize=(*AUTHORIZE, ("scope", "mcp offline_access"), *RESOURCE),
        scope="mcp offline_access",
    ),
    Profile(
        tool="ChatGPT",
        way="that registers",
        probes=(INSERTED, OPENID),
        registration={
            "client_name": "ChatGPT",
            "redirect_uris": [_OF_ONE_CONNECTION],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        },
        settings=("OAuthAllowedRedirectURI = https://chatgpt.com/connector/oauth/",),
        redirect_uri=_OF_ONE_CONNECTION,
        authorize=(*AUTHORIZE, ("scope", "mcp offline_access"), *RESOURCE),
        scope="mcp offline_access",
    ),
)
