"""Clients that run at their makers', each with a redirect URI that an operator has to allow."""

from typing import Final

from tests.clients.profile import AUTHORIZE, RESOURCE, Profile

_CALLBACKS: Final = {
    "Grok": "https://grok.com/connectors-oauth-exchange-code/",
    "Grok (console)": "https://console.x.ai/connectors-oauth-exchange-code/",
    "Copilot Studio": "https://global.consent.azure-apim.net/redirect/reports-5f0e",
    "n8n cloud": "https://oauth.n8n.cloud/oauth2/callback",
}

PROFILES: Final = tuple(
    Profile(
        tool=name,
        registration={"client_name": name, "redirect_uris": [callback], "token_endpoint_auth_method": "none"},
        settings=(f"OAuthAllowedRedirectURI = {callback}",),
        redirect_uri=callback,
        authorize=(*AUTHORIZE, ("scope", "mcp offline_access"), *RESOURCE),
        scope="mcp offline_access",
    )
    for name, callback in _CALLBACKS.items()
)
