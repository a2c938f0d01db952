"""The login form, and the way out of a login session."""

import base64
import binascii

from google.protobuf.message import DecodeError
from sanic import HTTPResponse, Request
from tokenhouse.v1.authorization_pb2 import RequestingClient
from tokenhouse.v1.session_pb2 import LogInRequest, LogOutRequest

from facade.endpoints.authorize import back_to_authorize
from facade.endpoints.own_form import OwnForm, parse_own_form
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.login import login_page
from facade.replies import retry_after


async def log_in(request: Request, facade: Facade) -> HTTPResponse:
    """Starts a session and goes on with the authorization request; a wrong password shows the form again."""
    # Not bound to a session: two tabs may both wait for a login, and the first ends no form of the second.
    form = parse_own_form(request, facade, "login", carried=("sealed_request", "client"), bound_to_session=False)
    username = form.find("username")
    try:
        login = await facade.core.log_in(
            LogInRequest(
                sealed_request=form.find("sealed_request"),
                browser_binding=form.browser.binding,
                username=username,
                password=form.find("password"),
                network_address=facade.network_address(request),
                session_token=form.session_token,
            )
        )
    except Refusal as refusal:
        if refusal.reason not in ("LOGIN_FAILED", "TOO_MANY_ATTEMPTS"):
            raise form.expired(refusal) from refusal
        return _again(facade, form, username, refusal)
    reply = back_to_authorize(facade, list(login.parameters))
    reply.headers.add("Set-Cookie", facade.cookies.set_session(login.session_token))
    return reply


async def log_out(request: Request, facade: Facade) -> HTTPResponse:
    """Ends the session and goes on with the authorization request, as somebody else."""
    form = parse_own_form(request, facade, "logout", carried=("sealed_request",))
    question = LogOutRequest(
        session_token=form.session_token,
        sealed_request=form.find("sealed_request"),
        browser_binding=form.browser.binding,
    )
    try:
        answer = await facade.core.log_out(question)
    except Refusal as refusal:
        raise form.expired(refusal) from refusal
    reply = back_to_authorize(facade, list(answer.parameters))
    reply.headers.add("Set-Cookie", facade.cookies.clear_session())
    return reply


def _again(facade: Facade, form: OwnForm, username: str, refusal: Refusal) -> HTTPResponse:
    client, sealed_request = _parse_client(form.find("client")), form.find("sealed_request")
    page = login_page(facade, form.browser, client, sealed_request, username=username, refusal=refusal)
    page.headers.update(retry_after(refusal))
    return page


def _parse_client(text: str) -> RequestingClient:
    try:
        return RequestingClient.FromString(base64.urlsafe_b64decode(text))
    except (binascii.Error, DecodeError, ValueError):
        raise Refusal("FORM_EXPIRED", "The form is damaged.") from None
