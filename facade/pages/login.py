"""The login page."""

import base64
from collections.abc import Mapping

from sanic import HTTPResponse
from tokenhouse.v1.authorization_pb2 import RequestingClient

from facade import paths
from facade.cookies import Browser
from facade.csrf import csrf_token
from facade.discovery import SignIn
from facade.errors import Refusal
from facade.facade import Facade
from facade.headers import form_target
from facade.pages.kept_out import too_many_attempts, ways_in
from facade.pages.passkey_form import passkey_form
from facade.pages.untrusted import shown
from facade.sealed_page import SealedPage
from facade.texts.languages import current_texts

#: What the form of the providers' buttons may carry, in the order in which its token covers it.
CARRIED_TO_PROVIDER = ("sealed_request", "sealed_device_page", "sealed_account_page", "sealed_console", "fresh")
#: What the form of the passkey may carry, in that order.
CARRIED_WITH_PASSKEY = ("sealed_request", "client", "sealed_device_page", "sealed_account_page", "sealed_console")


def login_page(
    facade: Facade,
    browser: Browser,
    client: RequestingClient,
    sealed_request: str,
    ways: SignIn,
    *,
    username: str = "",
    refusal: Refusal | None = None,
) -> HTTPResponse:
    """Asks for a user name and a password, or for a provider; after a refusal it keeps the name and says what was
    wrong."""
    carried_client = base64.urlsafe_b64encode(client.SerializeToString()).decode()
    values = {
        "way": "client",
        "client_name": shown(client.client_name, 80),
        "carried": {"sealed_request": sealed_request, "client": carried_client},
        "csrf_token": csrf_token(browser, "login", "", sealed_request, carried_client),
        "login_url": facade.local_url(paths.LOGIN),
        **_providers(facade, browser, ways, sealed_request=sealed_request),
        "passkey": _passkey(facade, browser, ways, sealed_request=sealed_request, client=carried_client),
    }
    return _render(facade, values, username, refusal, form_target(client.redirect_uri))


def sealed_page_login(
    facade: Facade,
    browser: Browser,
    page: SealedPage,
    sealed: str,
    ways: SignIn,
    *,
    username: str = "",
    refusal: Refusal | None = None,
    fresh: bool = False,
) -> HTTPResponse:
    """As `login_page`, on the way to a page of ours: no app asks, or nobody knows yet which. `fresh`: a provider asks
    whoever is signed in there once more."""
    values = {
        "way": page.name,
        "client_name": "",
        "carried": {page.field: sealed},
        "csrf_token": csrf_token(browser, page.login_form, "", sealed),
        "login_url": facade.local_url(page.login_path),
        **_providers(facade, browser, ways, **{page.field: sealed, "fresh": "1" if fresh else ""}),
        "passkey": _passkey(facade, browser, ways, **{page.field: sealed}),
    }
    return _render(facade, values, username, refusal, "")


def _providers(facade: Facade, browser: Browser, ways: SignIn, **carried: str) -> dict[str, object]:
    in_order = (carried.get(name, "") for name in CARRIED_TO_PROVIDER)
    return {
        "local_users": ways.local_users,
        "providers": [(name, shown(label, 80)) for name, label in ways.providers],
        "carried_to_provider": {name: value for name, value in carried.items() if value},
        "provider_csrf_token": csrf_token(browser, "upstream login", "", *in_order),
        "provider_url": facade.local_url(paths.UPSTREAM_LOGIN),
    }


def _passkey(facade: Facade, browser: Browser, ways: SignIn, **carried: str) -> dict[str, object] | None:
    if ways.passkey is None:
        return None
    in_order = {name: carried.get(name, "") for name in CARRIED_WITH_PASSKEY}
    url = facade.local_url(paths.LOGIN_PASSKEY)
    return passkey_form(browser, "passkey login", url, ways.passkey, in_order, kind="login")


def _render(
    facade: Facade, values: Mapping[str, object], username: str, refusal: Refusal | None, form_targets: str
) -> HTTPResponse:
    said = {
        "username": username,
        "problem": None if refusal is None else _problem(refusal),
        "kept_out": ways_in(refusal, passkeys=values["passkey"] is not None),
    }
    script = values["passkey"] is not None
    return facade.pages.render(
        "login.html", {**values, **said}, refusal=refusal, form_targets=form_targets, script=script
    )


def _problem(refusal: Refusal) -> str:
    texts = current_texts()
    if refusal.reason == "LOGIN_FAILED":
        return texts.text("error.login_failed.advice")
    if refusal.reason == "PASSKEY_FAILED":
        return texts.text("passkeys.not_good")
    return too_many_attempts(refusal)
