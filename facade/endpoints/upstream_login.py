"""Signing in and out at another OpenID provider: the browser leaves, and comes back with an answer for the core."""

from collections.abc import Callable
from typing import TypeAlias

from sanic import HTTPResponse, Request
from tokenhouse.v1.parameter_pb2 import Parameter
from tokenhouse.v1.upstream_pb2 import (
    FinishUpstreamLoginRequest,
    FinishUpstreamLogoutRequest,
    StartUpstreamLoginRequest,
)

from facade.cookies import Browser, cookie_header
from facade.discovery import SignIn
from facade.endpoints.back import BACK, enter
from facade.endpoints.own_form import parse_own_form
from facade.endpoints.ways import find_ways
from facade.errors import Refusal
from facade.facade import Facade
from facade.forms import Form, parse_parameters
from facade.pages.leaving import leaving_page
from facade.pages.login import CARRIED_TO_PROVIDER, sealed_page_login
from facade.sealed_page import SealedPage

#: The login page, with what it may offer.
Show: TypeAlias = Callable[[SignIn], HTTPResponse]


async def offer_sign_in(facade: Facade, browser: Browser, page: StartUpstreamLoginRequest, show: Show) -> HTTPResponse:
    """The login page; where it would offer one provider and nothing else, the way there. `page` has the sealed page."""
    sign_in = await find_ways(facade, browser)
    if sign_in.only_provider is None:
        return show(sign_in)
    page.provider = sign_in.only_provider
    return await _leave(facade, browser, page)


async def ask_to_sign_in(
    facade: Facade, browser: Browser, page: SealedPage, sealed: str, *, fresh: bool
) -> HTTPResponse:
    """`offer_sign_in` in front of a page of ours; `fresh`: at a provider anew."""
    question = StartUpstreamLoginRequest(fresh=fresh)
    setattr(question, page.field, sealed)

    def show(ways: SignIn) -> HTTPResponse:
        return sealed_page_login(facade, browser, page, sealed, ways, fresh=fresh)

    return await offer_sign_in(facade, browser, question, show)


async def start_upstream_login(request: Request, facade: Facade) -> HTTPResponse:
    """A provider's button on the login page."""
    form = parse_own_form(request, facade, "upstream login", carried=CARRIED_TO_PROVIDER, bound_to_session=False)
    page = StartUpstreamLoginRequest(
        provider=form.find("provider"),
        sealed_request=form.find("sealed_request"),
        sealed_device_page=form.find("sealed_device_page"),
        sealed_account_page=form.find("sealed_account_page"),
        sealed_console=form.find("sealed_console"),
        fresh=bool(form.find("fresh")),
    )
    try:
        return await _leave(facade, form.browser, page)
    except Refusal as refusal:
        raise form.expired(refusal) from refusal


async def come_back_signed_in(request: Request, facade: Facade) -> HTTPResponse:
    """Where a provider sends the browser (OpenID Connect Core §3.1.2.5): starts a session and goes on."""
    cookie = cookie_header(request)
    answer = await facade.core.finish_upstream_login(
        FinishUpstreamLoginRequest(
            # Which provider's place it is; all that the core takes is its own names.
            provider=request.path.rpartition("/")[2],
            parameters=_parameters(request),
            browser_binding=_require_browser(facade, cookie).binding,
            session_token=facade.cookies.find_session_token(cookie),
            network_address=facade.network_address(request),
            remembered_browser=facade.cookies.find_remembered(cookie),
        )
    )
    return enter(facade, answer)


async def come_back_signed_out(request: Request, facade: Facade) -> HTTPResponse:
    """Where a provider sends the browser after a logout there (RP-Initiated Logout §3)."""
    state = Form(parse_parameters(request.query_string.encode())).find("state") or ""
    browser = _require_browser(facade, cookie_header(request))
    answer = await facade.core.finish_upstream_logout(
        FinishUpstreamLogoutRequest(state=state, browser_binding=browser.binding)
    )
    return BACK[answer.back_to](facade, answer.parameters)


async def _leave(facade: Facade, browser: Browser, page: StartUpstreamLoginRequest) -> HTTPResponse:
    page.browser_binding = browser.binding
    answer = await facade.core.start_upstream_login(page)
    return leaving_page(facade, answer.authorization_url, answer.label)


def _require_browser(facade: Facade, cookie: str) -> Browser:
    browser = facade.cookies.find_browser(cookie)
    if browser is None:
        raise Refusal("UPSTREAM_LOGIN_FAILED", "The browser sent no cookie.").saying("no_cookie")
    return browser


def _parameters(request: Request) -> list[Parameter]:
    pairs = parse_parameters(request.query_string.encode())
    return [Parameter(name=name, value=value) for name, value in pairs]
