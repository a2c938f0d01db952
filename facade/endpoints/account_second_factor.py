"""Switching the second factor on and off, and recovery codes."""

from sanic import HTTPResponse, Request
from tokenhouse.v1 import second_factor_pb2 as pb

from facade import paths
from facade.cookies import Browser, cookie_header
from facade.core_client import LOGIN_DEADLINE
from facade.endpoints.account_acts import Again, account_says, act, or_sign_in, show_own
from facade.endpoints.own_form import OwnForm
from facade.errors import Refusal
from facade.facade import Facade
from facade.headers import NO_STORE
from facade.pages.account_second_factor import qr_code, recovery_codes_page, second_factor_page
from facade.replies import redirect

#: An image and nothing else, even where somebody opens it by itself (CSP Level 3).
_IMAGE_HEADERS = NO_STORE | {"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff"}


async def show_second_factor(request: Request, facade: Facade) -> HTTPResponse:
    """How it stands, and what can be done."""
    return await show_own(request, facade, _page)


async def show_qr_code(request: Request, facade: Facade) -> HTTPResponse:
    """The secret that waits for its first code, as an image; it is in no URL."""
    return await or_sign_in(facade, _qr_code(facade, facade.cookies.find_session_token(cookie_header(request))))


async def begin_second_factor(request: Request, facade: Facade) -> HTTPResponse:
    """Makes a secret that waits for its first code."""

    async def begin(form: OwnForm) -> HTTPResponse:
        await facade.core.account.second_factor.begin(pb.BeginSecondFactorRequest(session_token=form.session_token))
        return redirect(facade.local_url(paths.ACCOUNT_SECOND_FACTOR))

    return await act(request, facade, "begin second factor", begin)


async def confirm_second_factor(request: Request, facade: Facade) -> HTTPResponse:
    """Switches it on; with the user's first second factor come the recovery codes, shown once."""

    async def confirm(form: OwnForm) -> HTTPResponse:
        question = pb.ConfirmSecondFactorRequest(
            session_token=form.session_token,
            code=form.find("code"),
            password=form.find("password"),
            network_address=facade.network_address(request),
        )
        answer = await facade.core.account.second_factor.confirm(question, LOGIN_DEADLINE)
        if not answer.recovery_codes:
            return redirect(facade.local_url(paths.ACCOUNT_SECOND_FACTOR))
        return recovery_codes_page(facade, answer.recovery_codes)

    return await act(request, facade, "confirm second factor", confirm, again=_AGAIN)


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

    return await act(request, facade, "renew recovery codes", renew, again=_AGAIN)


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

    return await act(request, facade, "switch off second factor", switch_off, again=_AGAIN)


async def _page(facade: Facade, browser: Browser, session_token: str, refusal: Refusal | None = None) -> HTTPResponse:
    state = await facade.core.account.second_factor.get(pb.GetSecondFactorRequest(session_token=session_token))
    return second_factor_page(facade, browser, session_token, state, refusal)


_AGAIN = Again(_page, ("LOGIN_FAILED", "TOO_MANY_ATTEMPTS", "SECOND_FACTOR_FAILED"))


async def _qr_code(facade: Facade, session_token: str) -> HTTPResponse:
    state = await facade.core.account.second_factor.get(pb.GetSecondFactorRequest(session_token=session_token))
    if not state.waiting_uri:
        raise Refusal("NOT_FOUND")
    return HTTPResponse(qr_code(state.waiting_uri), 200, _IMAGE_HEADERS, content_type="image/svg+xml")
