"""The forms of the user's own page: each does one thing and leads back to it."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from sanic import HTTPResponse, Request
from tokenhouse.v1.parameter_pb2 import Parameter

from facade.cookies import cookie_header
from facade.endpoints.back import back_to_account
from facade.endpoints.own_form import OwnForm, parse_own_form
from facade.errors import Refusal
from facade.facade import Facade

#: What a form asks of the core; a page where that is not the one it came from.
Act: TypeAlias = Callable[[OwnForm], Awaitable[HTTPResponse | None]]


def account_says(facade: Facade, done: str) -> HTTPResponse:
    """The page as it is now, which says what was done."""
    return back_to_account(facade, [Parameter(name="done", value=done)])


async def act(
    request: Request, facade: Facade, form_name: str, do: Act, *, carried: tuple[str, ...] = ()
) -> HTTPResponse:
    """What came of it, or the page. Whoever has no session any more signs in, and looks again before they act again."""
    # Their forms are bound to the session before: they are none of ours, but nobody's attack either.
    if not facade.cookies.find_session_token(cookie_header(request)):
        return back_to_account(facade)
    form = parse_own_form(request, facade, form_name, carried=carried)
    try:
        return await do(form) or back_to_account(facade)
    except Refusal as refusal:
        if refusal.reason != "LOGIN_REQUIRED":
            raise
        return back_to_account(facade)
