"""The page for people whose device has no browser (RFC 8628 §3.3): the code, then the question."""

from sanic import HTTPResponse, Request
from tokenhouse.v1.device_authorization_pb2 import (
    DecideDeviceAuthorizationRequest,
    EnterUserCodeRequest,
    OpenDevicePageRequest,
)

from facade.cookies import Browser, cookie_header, new_browser
from facade.endpoints.back import asks_anew
from facade.endpoints.own_form import parse_own_form
from facade.endpoints.upstream_login import ask_to_sign_in
from facade.errors import Refusal
from facade.facade import Facade
from facade.forms import Form, parse_parameters
from facade.pages.consent import device_consent_page
from facade.pages.device import decided_page, device_page
from facade.sealed_page import DEVICE_PAGE


async def device(request: Request, facade: Facade) -> HTTPResponse:
    """Asks for the code, filled in where a link brought it; a link alone goes no further (RFC 8628 §3.3.1)."""
    if request.method == "POST":
        return await _enter(request, facade)
    typed = Form(parse_parameters(request.query_string.encode())).find("user_code") or ""
    cookie = cookie_header(request)
    known = facade.cookies.find_browser(cookie)
    browser = known or new_browser()
    page = await _open(facade, browser, facade.cookies.find_session_token(cookie), typed, fresh=asks_anew(request))
    if known is None:
        page.headers.add("Set-Cookie", facade.cookies.set_browser(browser))
    return page


async def decide_device_authorization(request: Request, facade: Facade) -> HTTPResponse:
    """The user's yes or no; the answer goes to the device, so the browser's way ends here."""
    form = parse_own_form(request, facade, "device consent", carried=("sealed_device_page",))
    allowed = form.is_allowed()
    try:
        await facade.core.decide_device_authorization(
            DecideDeviceAuthorizationRequest(
                sealed_page=form.find("sealed_device_page"),
                session_token=form.session_token,
                browser_binding=form.browser.binding,
                approved=allowed,
            )
        )
    except Refusal as refusal:
        raise form.expired(refusal) from refusal
    return decided_page(facade, allowed=allowed)


async def _enter(request: Request, facade: Facade) -> HTTPResponse:
    form = parse_own_form(request, facade, "device", carried=())
    typed = form.find("user_code")
    try:
        answer = await facade.core.enter_user_code(
            EnterUserCodeRequest(
                user_code=typed,
                session_token=form.session_token,
                browser_binding=form.browser.binding,
                network_address=facade.network_address(request),
            )
        )
    except Refusal as refusal:
        if refusal.reason not in ("USER_CODE_UNKNOWN", "TOO_MANY_ATTEMPTS"):
            raise
        return await _open(facade, form.browser, form.session_token, typed, refusal)
    if answer.WhichOneof("outcome") == "consent":
        return device_consent_page(facade, form.browser, form.session_token, answer.consent)
    return await ask_to_sign_in(facade, form.browser, DEVICE_PAGE, answer.login.sealed_page, fresh=False)


async def _open(
    facade: Facade,
    browser: Browser,
    session_token: str,
    typed: str,
    refusal: Refusal | None = None,
    *,
    fresh: bool = False,
) -> HTTPResponse:
    """The form for the code, or the login first (`fresh`: at another provider anew); after a refusal with what was
    typed, and what is wrong with it."""
    answer = await facade.core.open_device_page(
        OpenDevicePageRequest(user_code=typed, session_token=session_token, browser_binding=browser.binding)
    )
    if answer.WhichOneof("outcome") == "login":
        return await ask_to_sign_in(facade, browser, DEVICE_PAGE, answer.login.sealed_page, fresh=fresh)
    return device_page(facade, browser, session_token, answer.form, typed=typed, refusal=refusal)
