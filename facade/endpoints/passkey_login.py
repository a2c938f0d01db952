"""Logins with a passkey, whichever page they lead back to: without a password, and as the second step after one."""

from collections.abc import Awaitable, Callable
from functools import partial

from sanic import HTTPResponse, Request
from tokenhouse.v1.passkey_login_pb2 import (
    LogInWithPasskeyRequest,
    LogInWithPasskeyResponse,
    PasskeyAnswer,
    ProvePasskeyRequest,
    ProvePasskeyResponse,
)

from facade.endpoints.back import enter
from facade.endpoints.login import parse_client
from facade.endpoints.own_form import OwnForm, parse_own_form
from facade.endpoints.second_factor_login import ask_for_second_factor
from facade.endpoints.ways import find_ways
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.login import CARRIED_WITH_PASSKEY, login_page, sealed_page_login
from facade.pages.second_factor_login import CARRIED_TO_SECOND_STEP
from facade.sealed_page import ACCOUNT_PAGE, CONSOLE_PAGE, DEVICE_PAGE

_ASK_AGAIN = ("PASSKEY_FAILED", "TOO_MANY_ATTEMPTS")


async def log_in_with_passkey(request: Request, facade: Facade) -> HTTPResponse:
    """Starts a session; a passkey that is not good shows the login page again."""
    carried = (*CARRIED_WITH_PASSKEY, "sealed_challenge")
    form = parse_own_form(request, facade, "passkey login", carried=carried, bound_to_session=False)
    question = LogInWithPasskeyRequest(
        sealed_request=form.find("sealed_request"),
        sealed_device_page=form.find("sealed_device_page"),
        sealed_account_page=form.find("sealed_account_page"),
        sealed_console=form.find("sealed_console"),
        browser_binding=form.browser.binding,
        answer=_answer(form),
        network_address=facade.network_address(request),
        session_token=form.session_token,
        remembered_browser=form.remembered_browser,
    )
    login = facade.core.account.passkeys.log_in(question)
    return await _enter_or_ask_again(facade, form, login, partial(_ask_again, facade, form))


async def prove_passkey(request: Request, facade: Facade) -> HTTPResponse:
    """Starts a session after a right password; a passkey that is not good shows the second step again."""
    carried = (*CARRIED_TO_SECOND_STEP, "sealed_challenge")
    form = parse_own_form(request, facade, "second passkey", carried=carried, bound_to_session=False)
    sealed = form.find("sealed_second_factor")
    question = ProvePasskeyRequest(
        sealed_second_factor=sealed,
        browser_binding=form.browser.binding,
        answer=_answer(form),
        network_address=facade.network_address(request),
        session_token=form.session_token,
        remembered_browser=form.remembered_browser,
    )
    login = facade.core.account.passkeys.prove(question)
    again = partial(ask_for_second_factor, facade, form, sealed, form.find("form_targets"))
    return await _enter_or_ask_again(facade, form, login, again)


def _answer(form: OwnForm) -> PasskeyAnswer:
    return PasskeyAnswer(sealed_challenge=form.find("sealed_challenge"), response=form.find("response"))


async def _enter_or_ask_again(
    facade: Facade,
    form: OwnForm,
    login: Awaitable[LogInWithPasskeyResponse | ProvePasskeyResponse],
    again: Callable[[Refusal], Awaitable[HTTPResponse]],
) -> HTTPResponse:
    try:
        session = (await login).session
    except Refusal as refusal:
        if refusal.reason not in _ASK_AGAIN:
            raise form.expired(refusal) from refusal
        return await again(refusal)
    return enter(facade, session)


async def _ask_again(facade: Facade, form: OwnForm, refusal: Refusal) -> HTTPResponse:
    ways = await find_ways(facade, form.browser)
    if form.find("sealed_request"):
        client = parse_client(form.find("client"))
        return login_page(facade, form.browser, client, form.find("sealed_request"), ways, refusal=refusal)
    page = next((each for each in (DEVICE_PAGE, CONSOLE_PAGE) if form.find(each.field)), ACCOUNT_PAGE)
    return sealed_page_login(facade, form.browser, page, form.find(page.field), ways, refusal=refusal)
