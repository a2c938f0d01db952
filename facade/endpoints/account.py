"""The user's own page, and what is ended there."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from sanic import HTTPResponse, Request
from tokenhouse.v1 import account_pb2 as pb

from facade import paths
from facade.cookies import cookie_header, new_browser
from facade.endpoints.own_form import OwnForm, parse_own_form
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.account import account_page
from facade.pages.login import account_login_page
from facade.replies import redirect

#: What a form of the page asks of the core.
Act: TypeAlias = Callable[[OwnForm], Awaitable[object]]


async def show_account(request: Request, facade: Facade) -> HTTPResponse:
    """What is connected, or the login first."""
    cookie = cookie_header(request)
    known, session_token = facade.cookies.find_browser(cookie), facade.cookies.find_session_token(cookie)
    browser = known or new_browser()
    question = pb.OpenAccountPageRequest(session_token=session_token, browser_binding=browser.binding)
    answer = await facade.core.account.open_page(question)
    if answer.WhichOneof("outcome") == "login":
        page = account_login_page(facade, browser, answer.login.sealed_page)
    else:
        page = account_page(facade, browser, session_token, answer.page)
    if known is None:
        page.headers.add("Set-Cookie", facade.cookies.set_browser(browser))
    return page


async def disconnect_app(request: Request, facade: Facade) -> HTTPResponse:
    """Ends all that one client has of the user."""

    async def end(form: OwnForm) -> None:
        question = pb.DisconnectAppRequest(session_token=form.session_token, client_id=form.find("client_id"))
        await facade.core.account.disconnect_app(question)

    return await _act(request, facade, "disconnect", end, carried=("client_id",))


async def disconnect_all_apps(request: Request, facade: Facade) -> HTTPResponse:
    """Ends all that any client has of the user."""

    async def end(form: OwnForm) -> None:
        await facade.core.account.disconnect_all_apps(pb.DisconnectAllAppsRequest(session_token=form.session_token))

    return await _act(request, facade, "disconnect all", end)


def back_to_account(facade: Facade) -> HTTPResponse:
    """The page as it is now; without a session it asks for a login."""
    return redirect(facade.local_url(paths.ACCOUNT))


async def _act(
    request: Request, facade: Facade, form_name: str, act: Act, *, carried: tuple[str, ...] = ()
) -> HTTPResponse:
    # Whoever has no session any more has forms of the one before, which are bound to it: sign in, and look again.
    if not facade.cookies.find_session_token(cookie_header(request)):
        return back_to_account(facade)
    form = parse_own_form(request, facade, form_name, carried=carried)
    try:
        await act(form)
    except Refusal as refusal:
        if refusal.reason != "LOGIN_REQUIRED":
            raise
    return back_to_account(facade)
