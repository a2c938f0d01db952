"""Signing in and out on the way to the page for devices; both lead back to it."""

from functools import partial

from sanic import HTTPResponse, Request
from tokenhouse.v1.session_pb2 import LogOutRequest

from facade.endpoints.back import back_to_device
from facade.endpoints.own_form import parse_own_form
from facade.endpoints.signing import sign_in_to, sign_out
from facade.facade import Facade
from facade.sealed_page import DEVICE_PAGE


async def log_in_for_device(request: Request, facade: Facade) -> HTTPResponse:
    """Starts a session; a wrong password shows the form again."""
    return await sign_in_to(request, facade, DEVICE_PAGE, partial(back_to_device, facade))


async def log_out_for_device(request: Request, facade: Facade) -> HTTPResponse:
    """Ends the session, so that somebody else can sign in."""
    form = parse_own_form(request, facade, "device logout", carried=("sealed_device_page",))
    question = LogOutRequest(sealed_device_page=form.find("sealed_device_page"))
    return await sign_out(facade, form, question, partial(back_to_device, facade))
