"""Signing in to the console, and out of it."""

from functools import partial

from sanic import HTTPResponse, Request
from tokenhouse.v1.back_to_pb2 import BACK_TO_CONSOLE
from tokenhouse.v1.session_pb2 import LogInRequest, LogOutRequest

from facade.endpoints.back import back_to_console
from facade.endpoints.own_form import parse_own_form
from facade.endpoints.signing import sign_in, sign_out
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.login import console_login_page


async def log_in_to_console(request: Request, facade: Facade) -> HTTPResponse:
    """Starts a session; a wrong password shows the form again."""
    form = parse_own_form(request, facade, "console login", carried=("sealed_console",), bound_to_session=False)
    sealed = form.find("sealed_console")
    ways = (await facade.discovery.current()).sign_in

    def again(username: str, refusal: Refusal) -> HTTPResponse:
        return console_login_page(facade, form.browser, sealed, ways, username=username, refusal=refusal)

    return await sign_in(
        request, facade, form, LogInRequest(sealed_console=sealed), again, partial(back_to_console, facade)
    )


async def log_out_of_console(request: Request, facade: Facade) -> HTTPResponse:
    """Ends the session; the console asks for another one."""
    form = parse_own_form(request, facade, "console logout", carried=())
    return await sign_out(facade, form, LogOutRequest(back_to=BACK_TO_CONSOLE), partial(back_to_console, facade))
