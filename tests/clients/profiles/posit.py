"""Posit's own: Positron (VS Code's code, at a Workbench), rsconnect-python and Publisher, which ask for no service."""

from typing import Final

from tests.clients.profile import AUTHORIZE, INSERTED, OPENID, REFRESH, RESOURCE, TOKEN, Profile

_WORKBENCH: Final = "https://workbench.example.com/"
#: As it is where a session of a Workbench is what has to be found again.
_STATE: Final = f"{_WORKBENCH}s/1f0c/callback?tkn=a%2Bb%3D&next=" + "https%3A%2F%2Fexample.com%2F%3Fq%3D" * 125


def _registration(name: str, redirect_uri: str) -> dict[str, object]:
    return {
        "client_name": name,
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }


#: Where the metadata offer it, for machines without a browser.
_DEVICE: Final = "urn:ietf:params:oauth:grant-type:device_code"


PROFILES: Final = (
    Profile(
        tool="Positron",
        way="at a Workbench",
        probes=(INSERTED, OPENID),
        registration={**_registration("Positron", f"{_WORKBENCH}s/1f0c/callback"), "application_type": "native"},
        settings=(f"OAuthAllowedRedirectURI = {_WORKBENCH}",),
        redirect_uri=f"{_WORKBENCH}s/1f0c/callback",
        state=_STATE,
        authorize=AUTHORIZE + RESOURCE,
    ),
    *(
        Profile(
            tool=name,
            registration={
                **_registration(registered, "http://127.0.0.1/callback"),
                "grant_types": ["authorization_code", "refresh_token", _DEVICE],
            },
            redirect_uri="http://127.0.0.1:{port}/callback",
            authorize=AUTHORIZE,
            token=TOKEN,
            refresh=REFRESH,
            resource="",
        )
        for name, registered in (("rsconnect-python", "rsconnect-python"), ("Posit Publisher", "posit-publisher"))
    ),
    Profile(
        tool="Posit Publisher",
        way="at a Workbench",
        registration=_registration("posit-publisher", f"{_WORKBENCH}oauth_redirect_callback"),
        settings=(f"OAuthAllowedRedirectURI = {_WORKBENCH}",),
        redirect_uri=f"{_WORKBENCH}oauth_redirect_callback",
        authorize=AUTHORIZE,
        token=TOKEN,
        refresh=REFRESH,
        resource="",
    ),
)
