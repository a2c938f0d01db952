"""Switching the second factor on and off, and recovery codes."""

from functools import partial

from sanic import HTTPResponse, Request
from tokenhouse.v1 import second_factor_pb2 as pb

from facade import paths
from facade.cookies import cookie_header
from facade.core_client import LOGIN_DEADLINE
from facade.endpoints.account_acts import Act, account_says, act
from facade.endpoints.back import back_to_account
from facade.endpoints.own_form import OwnForm
from facade.errors import Refusal
from facade.facade import Facade
from facade.headers import NO_STORE
from facade.pages.account_second_factor import qr_code, recovery_codes_page, second_factor_page
from facade.replies import redirect, retry_after

_ASK_AGAIN = ("LOGIN_FAILED", "TOO_MANY_ATTEMPTS", "SECOND_FACTOR_FAILED")
#: An image and nothing else, even where somebody opens it by itself (CSP Level 3).
_IMAGE_HEADERS = NO_STORE | {"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff"}


async def show_second_factor(request: Request, facade: Facade) -> HTTPResponse:
    """How it stands, and what can be done."""
    cookie = cookie_header(request)
    browser, session_token = facade.cookies.find_browser(cookie), facade.cookies.find_session_token(cookie)
    if browser is None or not session_token:
        return back_to_account(facade)
    try:
        state = await facade.core.account.second_factor.get(pb.GetSecondFactorRequest(session_token=session_token))
    except Refusal as refusal:
        return _back_to_login(facade, refusal)
    return second_factor_page(facade, browser, session_token, state)


async def show_qr_code(request: Request, facade: Facade) -> HTTPResponse:
    """The secret that waits for its first code, as an image; it is in no URL."""
    session_token = facade.cookies.find_session_token(cookie_header(request))
    try:
        state = await facade.core.account.second_factor.get(pb.GetSecondFactorRequest(session_token=session_token))
    except Refusal as refusal:
        return _back_to_login(facade, refusal)
    if not state.waiting_uri:
        raise Refusal("NOT_FOUND")
    return HTTPResponse(qr_code(state.waiting_uri), 200, _IMAGE_HEADERS, content_type="image/svg+xml")


async def begin_second_factor(request: Request, facade: Facade) -> HTTPResponse:
    """Makes a secret that waits for its first code."""

    async def begin(form: OwnForm) -> HTTPResponse:
        await facade.core.account.second_factor.begin(pb.BeginSecondFactorRequest(session_token=form.session_token))
        return redirect(facade.local_url(paths.ACCOUNT_SECOND_FACTOR))

    return await act(request, facade, "begin second factor", begin)


async def confirm_second_factor(request: Request, facade: Facade) -> HTTPResponse:
    """Switches it on, and shows the recovery codes, once."""

    async def confirm(form: OwnForm) -> HTTPResponse:
        question = pb.ConfirmSecondFactorRequest(
            session_token=form.session_token,
            code=form.find("code"),
            password=form.find("password"),
            network_address=facade.network_address(request),
        )
        answer = await facade.core.account.second_factor.confirm(question, LOGIN_DEADLINE)
        return recovery_codes_page(facade, answer.recovery_codes)

    return await act(request, facade, "confirm second factor", partial(_asking_again, facade, confirm))


async def renew_recovery_codes(request: Request, facade: Facade) -> HTTPResponse:
    """Makes new ones and shows them, once."""

    async def renew(form: OwnForm) -> HTTPResponse:
        question = pb.RenewRecoveryCodesRequest(
            session_token=form.session_token,
            password=form.find("password"),
            network_address=facade.network_address(request),
        )
        answer = await facade.core.account.second_factor.renew_recovery_codes(question, LOGIN_DEADLINE)
        return recovery_codes_page(facade, answer.recovery_codes)

    return await act(request, facade, "renew recovery codes", partial(_asking_again, facade, renew))


async def switch_off_second_factor(request: Request, facade: Facade) -> HTTPResponse:
    """A password alone signs in again."""

    async def switch_off(form: OwnForm) -> HTTPResponse:
        question = pb.SwitchOffSecondFactorRequest(
            session_token=form.session_token,
            password=form.find("password"),
            network_address=facade.network_address(request),
        )
        await facade.core.account.second_factor.switch_off(question, LOGIN_DEADLINE)
        return account_says(facade, "second-factor-off")

    return await act(request, facade, "switch off second factor", partial(_asking_again, facade, switch_off))


async def _asking_again(facade: Facade, do: Act, form: OwnForm) -> HTTPResponse | None:
    """What came of it, or the page once more, with what was wrong."""
    try:
        return await do(form)
    except Refusal as refusal:
        if refusal.reason not in _ASK_AGAIN:
            raise
        question = pb.GetSecondFactorRequest(session_token=form.session_token)
        state = await facade.core.account.second_factor.get(question)
        page = second_factor_page(facade, form.browser, form.session_token, state, refusal)
        page.headers.update(retry_after(refusal))
        return page


def _back_to_login(facade: Facade, refusal: Refusal) -> HTTPResponse:
    if refusal.reason != "LOGIN_REQUIRED":
        raise refusal
    return back_to_account(facade)
