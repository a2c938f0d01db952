"""The consent page."""

from sanic import HTTPResponse
from tokenhouse.v1.authorization_pb2 import ConsentPrompt

from facade.cookies import Browser
from facade.csrf import csrf_token
from facade.facade import Facade
from facade.pages.untrusted import shown


def consent_page(facade: Facade, browser: Browser, session_token: str, prompt: ConsentPrompt) -> HTTPResponse:
    """Says who asks, for what, as whom and where the answer goes; allowing and denying are equally near."""
    sealed_request = prompt.sealed_request
    values = {
        "client_name": shown(prompt.client.client_name, 80),
        "redirect_host": _whole(prompt.client.redirect_host),
        "document_host": _whole(prompt.client.document_host),
        "own_machine": prompt.client.own_machine,
        "username": shown(prompt.username, 80),
        "scopes": [_whole(scope.description or scope.name) for scope in prompt.scopes],
        "resources": [_whole(resource) for resource in prompt.resources],
        "sealed_request": sealed_request,
        "consent_csrf_token": csrf_token(browser, "consent", session_token, sealed_request),
        "logout_csrf_token": csrf_token(browser, "logout", session_token, sealed_request),
    }
    # Browsers hold form-action against every hop after a form. Apps send the browser on from their redirect_uri to
    # places nobody can name beforehand (vscode.dev to vscode://, a loopback listener to a web page), and a blocked hop
    # would leave the user on this page with the sign-in half done. Nothing is typed here that a form could carry away.
    return facade.pages.render("consent.html", values, form_targets=None)


def _whole(text: str) -> str:
    # What is allowed here is never cut: the part that nobody sees would be allowed with the rest.
    return shown(text, max(1, len(text)))
