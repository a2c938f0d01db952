"""A new password for who is signed in and knows the old one."""

from sanic import HTTPResponse, Request
from tokenhouse.v1.account_pb2 import ChangePasswordRequest, OpenAccountPageRequest

from facade.cookies import Browser
from facade.core_client import LOGIN_DEADLINE
from facade.endpoints.account_acts import Again, account_says, act, show_own
from facade.endpoints.back import back_to_account
from facade.endpoints.own_form import OwnForm
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.account import ELSEWHERE
from facade.pages.account_password import password_page


async def change_password(request: Request, facade: Facade) -> HTTPResponse:
    """The form, or what came of it."""

    async def change(form: OwnForm) -> HTTPResponse:
        if form.find("new_password") != form.find("new_password_again"):
            raise Refusal("PASSWORDS_DIFFER")
        question = ChangePasswordRequest(
            session_token=form.session_token,
            old_password=form.find("old_password"),
            new_password=form.find("new_password"),
            network_address=facade.network_address(request),
            disconnect_apps=form.find("disconnect_apps") == "yes",
        )
        changed = await facade.core.account.change_password(question, LOGIN_DEADLINE)
        reply = account_says(facade, "password")
        for cookie in facade.cookies.set_remembered(changed.remembered_browser):
            reply.headers.add("Set-Cookie", cookie)
        return reply

    if request.method == "POST":
        return await act(request, facade, "password", change, again=_AGAIN)
    return await show_own(request, facade, _page)


async def _page(facade: Facade, browser: Browser, session_token: str, refusal: Refusal | None = None) -> HTTPResponse:
    answer = await facade.core.account.open_page(
        OpenAccountPageRequest(session_token=session_token, browser_binding=browser.binding)
    )
    if answer.WhichOneof("outcome") == "login":
        return back_to_account(facade)
    if answer.page.without_password:
        return account_says(facade, ELSEWHERE)
    return password_page(facade, browser, session_token, refusal)


_AGAIN = Again(_page, ("LOGIN_FAILED", "TOO_MANY_ATTEMPTS", "INVALID_ARGUMENT", "PASSWORDS_DIFFER"))
