"""The user's own pages, and their forms: each does one thing and leads back to the page it came from."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeAlias

from sanic import HTTPResponse, Request
from tokenhouse.v1.parameter_pb2 import Parameter

from facade.cookies import Browser, cookie_header
from facade.endpoints.back import back_to_account
from facade.endpoints.own_form import OwnForm, parse_own_form
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.account import ELSEWHERE

#: What a form asks of the core; a page where that is not the one it came from.
Act: TypeAlias = Callable[[OwnForm], Awaitable[HTTPResponse | None]]


class Again(NamedTuple):
    """A page that is shown once more for what a form was refused for, with what was wrong."""

    #: As it is now, for a browser and its session.
    page: Callable[[Facade, Browser, str, Refusal], Awaitable[HTTPResponse]]
    reasons: tuple[str, ...]


def account_says(facade: Facade, done: str) -> HTTPResponse:
    """The page as it is now, which says what was done."""
    return back_to_account(facade, [Parameter(name="done", value=done)])


async def show_own(
    request: Request, facade: Facade, page: Callable[[Facade, Browser, str], Awaitable[HTTPResponse]]
) -> HTTPResponse:
    """The page for this browser and its session; whoever has none signs in first."""
    cookie = cookie_header(request)
    browser, session_token = facade.cookies.find_browser(cookie), facade.cookies.find_session_token(cookie)
    if browser is None or not session_token:
        return back_to_account(facade)
    return await or_sign_in(facade, page(facade, browser, session_token))


async def act(
    request: Request,
    facade: Facade,
    form_name: str,
    do: Act,
    *,
    carried: tuple[str, ...] = (),
    again: Again | None = None,
) -> HTTPResponse:
    """What came of it, or the page. Whoever has no session any more signs in, and looks again before they act again."""
    # Their forms are bound to the session before: they are none of ours, but nobody's attack either.
    if not facade.cookies.find_session_token(cookie_header(request)):
        return back_to_account(facade)
    form = parse_own_form(request, facade, form_name, carried=carried)
    return await or_sign_in(facade, _attempt(facade, form, do, again))


async def or_sign_in(facade: Facade, reply: Awaitable[HTTPResponse]) -> HTTPResponse:
    """The reply; where the core knows no session any more, the way to a login. Who has no password here is in front of
    a form that wants one, and is told where it is kept instead."""
    try:
        return await reply
    except Refusal as refusal:
        if refusal.reason == "SIGNED_IN_ELSEWHERE":
            return account_says(facade, ELSEWHERE)
        if refusal.reason != "LOGIN_REQUIRED":
            raise
        return back_to_account(facade)


async def _attempt(facade: Facade, form: OwnForm, do: Act, again: Again | None) -> HTTPResponse:
    try:
        return await do(form) or back_to_account(facade)
    except Refusal as refusal:
        if again is None or refusal.reason not in again.reasons:
            raise
        return await again.page(facade, form.browser, form.session_token, refusal)
