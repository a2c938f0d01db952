"""The consent page."""

from collections.abc import Iterable

from sanic import HTTPResponse
from tokenhouse.v1.authorization_pb2 import ConsentPrompt, RequestedScope, RequestingClient
from tokenhouse.v1.device_authorization_pb2 import DeviceConsentPrompt

from facade import paths
from facade.cookies import Browser
from facade.csrf import csrf_token
from facade.facade import Facade
from facade.pages.scope_words import scope_words
from facade.pages.untrusted import shown


def consent_page(facade: Facade, browser: Browser, session_token: str, prompt: ConsentPrompt) -> HTTPResponse:
    """Says who asks, for what, as whom and where the answer goes; allowing and denying are equally near."""
    sealed = prompt.sealed_request
    values = _question(prompt.client, prompt.username, prompt.scopes, prompt.resources) | {
        "user_code": "",
        "sealed_name": "sealed_request",
        "sealed": sealed,
        "decision_url": facade.local_url(paths.CONSENT),
        "decision_csrf_token": csrf_token(browser, "consent", session_token, sealed),
        "logout_url": facade.local_url(paths.LOGOUT),
        "logout_csrf_token": csrf_token(browser, "logout", session_token, sealed),
    }
    # Browsers hold form-action against every hop after a form. Apps send the browser on from their redirect_uri to
    # places nobody can name beforehand (vscode.dev to vscode://, a loopback listener to a web page), and a blocked hop
    # would leave the user on this page with the sign-in half done. Nothing is typed here that a form could carry away.
    return facade.pages.render("consent.html", values, form_targets=None)


def device_consent_page(
    facade: Facade, browser: Browser, session_token: str, prompt: DeviceConsentPrompt
) -> HTTPResponse:
    """The same question about a device, with its code and a warning of codes that others sent (RFC 8628 §5.4)."""
    sealed = prompt.sealed_page
    values = _question(prompt.client, prompt.username, prompt.scopes, prompt.resources) | {
        "user_code": prompt.user_code,
        "sealed_name": "sealed_device_page",
        "sealed": sealed,
        "decision_url": facade.local_url(paths.DEVICE_CONSENT),
        "decision_csrf_token": csrf_token(browser, "device consent", session_token, sealed),
        "logout_url": facade.local_url(paths.DEVICE_LOGOUT),
        "logout_csrf_token": csrf_token(browser, "device logout", session_token, sealed),
    }
    return facade.pages.render("consent.html", values)


def _question(
    client: RequestingClient, username: str, scopes: Iterable[RequestedScope], resources: Iterable[str]
) -> dict[str, object]:
    return {
        "client_name": shown(client.client_name, 80),
        "redirect_host": _whole(client.redirect_host),
        "document_host": _whole(client.document_host),
        "own_machine": client.own_machine,
        "username": shown(username, 80),
        "scopes": [_whole(scope_words(scope)) for scope in scopes],
        "resources": [_whole(resource) for resource in resources],
    }


def _whole(text: str) -> str:
    # What is allowed here is never cut: the part that nobody sees would be allowed with the rest.
    return shown(text, max(1, len(text)))
