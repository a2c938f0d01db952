"""Signing in and out on the way to the page for devices; both lead back to it."""

from collections.abc import Iterable

from sanic import HTTPResponse, Request
from tokenhouse.v1.parameter_pb2 import Parameter
from tokenhouse.v1.session_pb2 import LogInRequest, LogOutRequest

from facade import paths
from facade.endpoints.own_form import parse_own_form
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.login import device_login_page
from facade.redirects import encode_parameters
from facade.replies import redirect, retry_after


async def log_in_for_device(request: Request, facade: Facade) -> HTTPResponse:
    """Starts a session; a wrong password shows the form again."""
    form = parse_own_form(request, facade, "device login", carried=("sealed_device_page",), bound_to_session=False)
    username, sealed_page = form.find("username"), form.find("sealed_device_page")
    try:
        login = await facade.core.log_in(
            LogInRequest(
                sealed_device_page=sealed_page,
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
        page = device_login_page(facade, form.browser, sealed_page, username=username, refusal=refusal)
        page.headers.update(retry_after(refusal))
        return page
    reply = _back_to_device(facade, login.parameters)
    reply.headers.add("Set-Cookie", facade.cookies.set_session(login.session_token))
    return reply


async def log_out_for_device(request: Request, facade: Facade) -> HTTPResponse:
    """Ends the session, so that somebody else can sign in."""
    form = parse_own_form(request, facade, "device logout", carried=("sealed_device_page",))
    question = LogOutRequest(
        session_token=form.session_token,
        sealed_device_page=form.find("sealed_device_page"),
        browser_binding=form.browser.binding,
    )
    try:
        answer = await facade.core.log_out(question)
    except Refusal as refusal:
        raise form.expired(refusal) from refusal
    reply = _back_to_device(facade, answer.parameters)
    reply.headers.add("Set-Cookie", facade.cookies.clear_session())
    return reply


def _back_to_device(facade: Facade, parameters: Iterable[Parameter]) -> HTTPResponse:
    query = encode_parameters(each for each in parameters if each.value)
    return redirect(facade.local_url(paths.DEVICE) + (f"?{query}" if query else ""))
