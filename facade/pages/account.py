"""The user's own page: what is connected."""

from functools import partial

from sanic import HTTPResponse
from tokenhouse.v1.account_pb2 import (
    SIGN_IN_METHOD_PASSKEY,
    SIGN_IN_METHOD_PASSWORD,
    SIGN_IN_METHOD_PASSWORD_AND_CODE,
    SIGN_IN_METHOD_PASSWORD_AND_PASSKEY,
    SIGN_IN_METHOD_PASSWORD_AND_RECOVERY_CODE,
    SIGN_IN_METHOD_UPSTREAM,
    AccountPage,
    BrowserSession,
    ConnectedApp,
)
from tokenhouse.v1.authorization_pb2 import RequestingClient

from facade import paths
from facade.cookies import Browser
from facade.csrf import csrf_token
from facade.facade import Facade
from facade.pages.scope_words import scope_words
from facade.pages.untrusted import shown
from facade.texts.languages import current_texts

#: What the page may say was done, by what the address says: a link of somebody else's says nothing else.
_DONE = {"password": "password.done", "second-factor-off": "second_factor.done_off"}

#: The same, said to who has no password here and to nobody else.
ELSEWHERE = "elsewhere"

_METHODS = {
    SIGN_IN_METHOD_PASSWORD: "account.method.password",
    SIGN_IN_METHOD_PASSWORD_AND_CODE: "account.method.code",
    SIGN_IN_METHOD_PASSWORD_AND_RECOVERY_CODE: "account.method.recovery_code",
    SIGN_IN_METHOD_PASSWORD_AND_PASSKEY: "account.method.password_and_passkey",
    SIGN_IN_METHOD_PASSKEY: "account.method.passkey",
    SIGN_IN_METHOD_UPSTREAM: "account.method.upstream",
}


def account_page(
    facade: Facade, browser: Browser, session_token: str, page: AccountPage, *, done: str = "", skip_apps: int = 0
) -> HTTPResponse:
    """Everything that is the user's own on this server; `skip_apps` of the apps are on the pages before."""
    token, first = partial(csrf_token, browser), facade.local_url(paths.ACCOUNT)
    values = {
        "username": shown(page.username, 80),
        "done": current_texts().text(_DONE[done]) if done in _DONE else "",
        "asked_elsewhere": done == ELSEWHERE and page.without_password,
        "apps": [
            _app(app) | {"csrf_token": token("disconnect", session_token, app.client.client_id)} for app in page.apps
        ],
        "more": current_texts().text("account.more_apps", count=page.more_apps) if page.more_apps else "",
        "more_url": f"{first}?from={skip_apps + len(page.apps)}",
        "first_url": first if skip_apps else "",
        "disconnect_url": facade.local_url(paths.ACCOUNT_DISCONNECT),
        "disconnect_all_url": facade.local_url(paths.ACCOUNT_DISCONNECT_ALL),
        "disconnect_all_csrf_token": token("disconnect all", session_token),
        "sessions": [
            _session(each) | {"csrf_token": token("end session", session_token, each.session_id)}
            for each in page.sessions
        ],
        "end_session_url": facade.local_url(paths.ACCOUNT_END_SESSION),
        "end_all_url": facade.local_url(paths.ACCOUNT_END_ALL_SESSIONS),
        "end_all_csrf_token": token("end all sessions", session_token),
        "passkeys_url": facade.local_url(paths.ACCOUNT_PASSKEYS),
        "without_password": page.without_password,
        "second_factor_url": facade.local_url(paths.ACCOUNT_SECOND_FACTOR),
        "password_url": facade.local_url(paths.ACCOUNT_PASSWORD),
        "logout_url": facade.local_url(paths.ACCOUNT_LOGOUT),
        "logout_csrf_token": token("account logout", session_token),
    }
    return facade.pages.render("account.html", values)


def _app(app: ConnectedApp) -> dict[str, object]:
    texts = current_texts()
    return {
        "client_id": app.client.client_id,
        "client_name": shown(app.client.client_name, 80),
        "origin": _origin(app.client),
        "installs": texts.text("account.installs", count=app.installs),
        "connected_at": texts.moment(app.connected_at),
        "last_used_at": texts.moment(app.last_used_at),
        "scopes": [shown(scope_words(scope), 200) for scope in app.scopes],
        "resources": [shown(resource, 200) for resource in app.resources],
        "everywhere": app.everywhere,
    }


def _session(session: BrowserSession) -> dict[str, object]:
    texts = current_texts()
    return {
        "session_id": session.session_id,
        "is_this": session.is_this,
        "since": texts.moment(session.created_at),
        "method": texts.text(_METHODS[session.method]) if session.method in _METHODS else "",
        "until": texts.moment(session.expires_at),
        "network_address": shown(session.network_address, 60),
    }


def _origin(client: RequestingClient) -> str:
    """Where it is: whose document describes it, or where its answer went."""
    texts, host = current_texts(), shown(client.document_host or client.redirect_host, 120)
    if not host:
        return texts.text("account.by_device")
    if client.own_machine and not client.document_host:
        return texts.text("account.own_computer", host=host)
    return host
