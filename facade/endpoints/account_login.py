"""Signing in to the user's own page, and out of it."""

from functools import partial

from sanic import HTTPResponse, Request
from tokenhouse.v1.back_to_pb2 import BACK_TO_ACCOUNT
from tokenhouse.v1.session_pb2 import LogOutRequest

from facade.endpoints.back import back_to_account
from facade.endpoints.own_form import parse_own_form
from facade.endpoints.signing import sign_in_to, sign_out
from facade.facade import Facade
from facade.sealed_page import ACCOUNT_PAGE


async def log_in_to_account(request: Request, facade: Facade) -> HTTPResponse:
    """Starts a session; a wrong password shows the form again."""
    return await sign_in_to(request, facade, ACCOUNT_PAGE, partial(back_to_account, facade))


async def log_out_of_account(request: Request, facade: Facade) -> HTTPResponse:
    """Ends the session; the page asks for another one."""
    form = parse_own_form(request, facade, "account logout", carried=())
    return await sign_out(facade, form, LogOutRequest(back_to=BACK_TO_ACCOUNT), partial(back_to_account, facade))
