"""Signing in and out by a form of ours, wherever it leads back to."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from sanic import HTTPResponse, Request
from tokenhouse.v1.parameter_pb2 import Parameter
from tokenhouse.v1.session_pb2 import LogInRequest, LogOutRequest

from facade.endpoints.back import give_cookies
from facade.endpoints.own_form import OwnForm, parse_own_form
from facade.endpoints.second_factor_login import ask_for_second_factor
from facade.endpoints.ways import find_ways
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.leaving import leaving_page
from facade.pages.login import sealed_page_login
from facade.sealed_page import SealedPage

#: The way back, with what the sealed page was opened with.
Back: TypeAlias = Callable[[Iterable[Parameter]], HTTPResponse]
#: The form once more, with the user name that was typed and what is wrong.
Again: TypeAlias = Callable[[str, Refusal], Awaitable[HTTPResponse]]


async def sign_in(
    request: Request,
    facade: Facade,
    form: OwnForm,
    question: LogInRequest,
    again: Again,
    back: Back,
    *,
    form_targets: str = "",
) -> HTTPResponse:
    """Starts a session and goes back; a wrong password shows the form again. `question` has the sealed page.

    Where a second factor is wanted, its form comes first; `form_targets` is where the way back may lead beyond 'self'.
    """
    username = form.find("username")
    question.MergeFrom(
        LogInRequest(
            browser_binding=form.browser.binding,
            username=username,
            password=form.find("password"),
            network_address=facade.network_address(request),
            session_token=form.session_token,
            remembered_browser=form.remembered_browser,
        )
    )
    try:
        login = await facade.core.log_in(question)
    except Refusal as refusal:
        if refusal.reason not in ("LOGIN_FAILED", "TOO_MANY_ATTEMPTS"):
            raise form.expired(refusal) from refusal
        return await again(username, refusal)
    if login.sealed_second_factor:
        return await ask_for_second_factor(facade, form, login.sealed_second_factor, form_targets)
    reply = back(login.parameters)
    give_cookies(facade, reply, login)
    return reply


async def sign_in_to(request: Request, facade: Facade, page: SealedPage, back: Back) -> HTTPResponse:
    """`sign_in` by the login form in front of a page of ours."""
    form = parse_own_form(request, facade, page.login_form, carried=(page.field,), bound_to_session=False)
    sealed = form.find(page.field)

    async def again(username: str, refusal: Refusal) -> HTTPResponse:
        ways = await find_ways(facade, form.browser)
        return sealed_page_login(facade, form.browser, page, sealed, ways, username=username, refusal=refusal)

    question = LogInRequest()
    setattr(question, page.field, sealed)
    return await sign_in(request, facade, form, question, again, back)


async def sign_out(facade: Facade, form: OwnForm, question: LogOutRequest, back: Back) -> HTTPResponse:
    """Ends the session and goes back. `question` has the sealed page."""
    question.MergeFrom(LogOutRequest(session_token=form.session_token, browser_binding=form.browser.binding))
    try:
        answer = await facade.core.log_out(question)
    except Refusal as refusal:
        raise form.expired(refusal) from refusal
    if answer.end_session_url:
        # The provider sends the browser back, to where the state says.
        reply = leaving_page(facade, answer.end_session_url, "", signing_out=True)
    else:
        reply = back(answer.parameters)
    reply.headers.add("Set-Cookie", facade.cookies.clear_session())
    return reply
