"""Signing in to the user's own page, and out of it."""

from collections.abc import Iterable
from functools import partial

from sanic import HTTPResponse, Request
from tokenhouse.v1.parameter_pb2 import Parameter
from tokenhouse.v1.session_pb2 import LogInRequest, LogOutRequest

from facade.endpoints.account_acts import back_to_account
from facade.endpoints.own_form import parse_own_form
from facade.endpoints.signing import sign_in, sign_out
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.login import account_login_page


async def log_in_to_account(request: Request, facade: Facade) -> HTTPResponse:
    """Starts a session; a wrong password shows the form again."""
    form = parse_own_form(request, facade, "account login", carried=("sealed_account_page",), bound_to_session=False)
    sealed_page = form.find("sealed_account_page")

    def again(username: str, refusal: Refusal) -> HTTPResponse:
        return account_login_page(facade, form.browser, sealed_page, username=username, refusal=refusal)

    question = LogInRequest(sealed_account_page=sealed_page)
    return await sign_in(request, facade, form, question, again, partial(_back, facade))


async def log_out_of_account(request: Request, facade: Facade) -> HTTPResponse:
    """Ends the session; the page asks for another one."""
    form = parse_own_form(request, facade, "account logout", carried=())
    return await sign_out(facade, form, LogOutRequest(), partial(_back, facade))


def _back(facade: Facade, _parameters: Iterable[Parameter]) -> HTTPResponse:
    return back_to_account(facade)
