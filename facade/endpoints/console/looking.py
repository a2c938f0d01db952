"""Asking the core for a page of the console, and what is shown instead of it."""

from collections.abc import Callable
from typing import TypeAlias

from sanic import HTTPResponse, Request
from tokenhouse.v1.console_pb2 import LookRequest, LookResponse

from facade.cookies import Browser, cookie_header, new_browser
from facade.endpoints.back import asks_anew
from facade.endpoints.upstream_login import ask_to_sign_in
from facade.errors import Refusal
from facade.facade import Facade
from facade.forms import Form, parse_parameters
from facade.pages.console.frame import Frame
from facade.pages.console.instead import not_an_operator_page, nothing_page
from facade.sealed_page import CONSOLE_PAGE

#: The page that shows the answers, in the order of the questions.
Show: TypeAlias = Callable[[Frame, list[LookResponse]], HTTPResponse]

#: The core's refusals that are about what was asked for, not about who asks.
NOTHING = {"NOT_FOUND": 404, "INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 409}


def query_of(request: Request) -> Form:
    """What the page is about."""
    return Form(parse_parameters(request.query_string.encode()))


async def look(request: Request, facade: Facade, show: Show, *questions: LookRequest) -> HTTPResponse:
    """The page, or the login in front of it; for whoever is no operator, only that they are none."""
    cookie = cookie_header(request)
    known = facade.cookies.find_browser(cookie)
    browser = known or new_browser()
    fresh = asks_anew(request)
    page = await _look(facade, browser, facade.cookies.find_session_token(cookie), show, questions, fresh=fresh)
    if known is None:
        page.headers.add("Set-Cookie", facade.cookies.set_browser(browser))
    return page


async def _look(
    facade: Facade,
    browser: Browser,
    session_token: str,
    show: Show,
    questions: tuple[LookRequest, ...],
    *,
    fresh: bool,
) -> HTTPResponse:
    answers = []
    try:
        for question in questions:
            question.session_token, question.browser_binding = session_token, browser.binding
            answer = await facade.core.look(question)
            if answer.WhichOneof("outcome") == "login":
                return await ask_to_sign_in(facade, browser, CONSOLE_PAGE, answer.login.sealed_console, fresh=fresh)
            answers.append(answer)
    except Refusal as refusal:
        if refusal.reason == "NOT_AN_OPERATOR":
            return not_an_operator_page(facade, browser, session_token)
        if refusal.reason in NOTHING:
            return nothing_page(facade, refusal, NOTHING[refusal.reason])
        raise
    return show(Frame(facade, browser, session_token, answers[0].operator), answers)
