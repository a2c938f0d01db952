"""ChatGPT: a document that offers a key and goes without, or a registration."""

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
    *(
        Profile(
            tool="ChatGPT",
            way=f"that registers, {way}",
            probes=(INSERTED, OPENID),
            registration={
                "client_name": "ChatGPT",
                "redirect_uris": [redirect_uri],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
            },
            settings=(f"OAuthAllowedRedirectURI = {allowed}",),
            redirect_uri=redirect_uri,
            authorize=(*AUTHORIZE, ("scope", "mcp offline_access"), *RESOURCE),
            scope="mcp offline_access",
        )
        # It takes the first where `iss` is announced (RFC 9207), as it is here; connections made before keep theirs.
        for way, redirect_uri, allowed in (
            ("as it does where iss is announced", _STABLE, _STABLE),
            ("as it did before", _OF_ONE_CONNECTION, "https://chatgpt.com/connector/oauth/"),
        )
    ),
)
