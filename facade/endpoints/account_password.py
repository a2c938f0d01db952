"""A new password for who is signed in and knows the old one."""

from functools import partial

from sanic import HTTPResponse, Request
from tokenhouse.v1.account_pb2 import ChangePasswordRequest

from facade.cookies import cookie_header
from facade.core_client import LOGIN_DEADLINE
from facade.endpoints.account_acts import account_says, act
from facade.endpoints.back import back_to_account
from facade.endpoints.own_form import OwnForm
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.account_password import password_page
from facade.replies import retry_after

#: What the form is shown again for; the last one without asking the core.
_ASK_AGAIN = ("LOGIN_FAILED", "TOO_MANY_ATTEMPTS", "INVALID_ARGUMENT", "PASSWORDS_DIFFER")


async def change_password(request: Request, facade: Facade) -> HTTPResponse:
    """The form, or what came of it."""
    if request.method == "POST":
        return await act(request, facade, "password", partial(_change, request, facade))
    cookie = cookie_header(request)
    browser, session_token = facade.cookies.find_browser(cookie), facade.cookies.find_session_token(cookie)
    # Whether the session lives is the core's to say, when the form comes.
    if browser is None or not session_token:
        return back_to_account(facade)
    return password_page(facade, browser, session_token)


async def _change(request: Request, facade: Facade, form: OwnForm) -> HTTPResponse:
    question = ChangePasswordRequest(
        session_token=form.session_token,
        old_password=form.find("old_password"),
        new_password=form.find("new_password"),
        network_address=facade.network_address(request),
        disconnect_apps=form.find("disconnect_apps") == "yes",
    )
    try:
        if form.find("new_password") != form.find("new_password_again"):
            raise Refusal("PASSWORDS_DIFFER")
        await facade.core.account.change_password(question, LOGIN_DEADLINE)
    except Refusal as refusal:
        if refusal.reason not in _ASK_AGAIN:
            raise
        page = password_page(facade, form.browser, form.session_token, refusal)
        page.headers.update(retry_after(refusal))
        return page
    return account_says(facade, "password")
