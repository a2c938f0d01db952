"""The user's own page, and what is ended there."""

from sanic import HTTPResponse, Request
from tokenhouse.v1 import account_pb2 as pb

from facade.cookies import cookie_header, new_browser
from facade.endpoints.account_acts import act
from facade.endpoints.back import asks_anew, back_to_account
from facade.endpoints.own_form import OwnForm
from facade.endpoints.upstream_login import ask_to_sign_in
from facade.facade import Facade
from facade.pages.account import account_page
from facade.sealed_page import ACCOUNT_PAGE

#: Digits of a number that fits into the contract.
_LONGEST_NUMBER = 9


async def show_account(request: Request, facade: Facade) -> HTTPResponse:
    """What is connected, or the login first."""
    cookie = cookie_header(request)
    known, session_token = facade.cookies.find_browser(cookie), facade.cookies.find_session_token(cookie)
    browser = known or new_browser()
    skip_apps = _parse_number(request.args.get("from", ""))
    question = pb.OpenAccountPageRequest(
        session_token=session_token, browser_binding=browser.binding, skip_apps=skip_apps
    )
    answer = await facade.core.account.open_page(question)
    if answer.WhichOneof("outcome") == "login":
        page = await ask_to_sign_in(facade, browser, ACCOUNT_PAGE, answer.login.sealed_page, fresh=asks_anew(request))
    elif skip_apps and not answer.page.apps:
        # They were disconnected meanwhile; the others begin at the beginning.
        return back_to_account(facade)
    else:
        done = request.args.get("done", "")
        page = account_page(facade, browser, session_token, answer.page, done=done, skip_apps=skip_apps)
    if known is None:
        page.headers.add("Set-Cookie", facade.cookies.set_browser(browser))
    return page


async def disconnect_app(request: Request, facade: Facade) -> HTTPResponse:
    """Ends all that one client has of the user."""

    async def end(form: OwnForm) -> None:
        question = pb.DisconnectAppRequest(session_token=form.session_token, client_id=form.find("client_id"))
        await facade.core.account.disconnect_app(question)

    return await act(request, facade, "disconnect", end, carried=("client_id",))


async def disconnect_all_apps(request: Request, facade: Facade) -> HTTPResponse:
    """Ends all that any client has of the user."""

    async def end(form: OwnForm) -> None:
        await facade.core.account.disconnect_all_apps(pb.DisconnectAllAppsRequest(session_token=form.session_token))

    return await act(request, facade, "disconnect all", end)


async def end_session(request: Request, facade: Facade) -> HTTPResponse:
    """Signs one browser out."""

    async def end(form: OwnForm) -> None:
        question = pb.EndSessionRequest(session_token=form.session_token, session_id=form.find("session_id"))
        await facade.core.account.end_session(question)

    return await act(request, facade, "end session", end, carried=("session_id",))


async def end_all_sessions(request: Request, facade: Facade) -> HTTPResponse:
    """Signs every browser out; the page then asks this one for a login."""

    async def end(form: OwnForm) -> None:
        await facade.core.account.end_all_sessions(pb.EndAllSessionsRequest(session_token=form.session_token))

    return await act(request, facade, "end all sessions", end)


def _parse_number(text: str) -> int:
    """What is none is where the list begins."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else 0
