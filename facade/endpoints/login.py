"""The login form, and the way out of a login session."""

import base64
import binascii
from functools import partial

from google.protobuf.message import DecodeError
from sanic import HTTPResponse, Request
from tokenhouse.v1.authorization_pb2 import RequestingClient
from tokenhouse.v1.session_pb2 import LogInRequest, LogOutRequest

from facade.endpoints.back import back_to_authorize
from facade.endpoints.own_form import parse_own_form
from facade.endpoints.signing import sign_in, sign_out
from facade.endpoints.ways import find_ways
from facade.errors import Refusal
from facade.facade import Facade
from facade.headers import form_target
from facade.pages.login import login_page


async def log_in(request: Request, facade: Facade) -> HTTPResponse:
    """Starts a session and goes on with the authorization request; a wrong password shows the form again."""
    # Not bound to a session: two tabs may both wait for a login, and the first ends no form of the second.
    form = parse_own_form(request, facade, "login", carried=("sealed_request", "client"), bound_to_session=False)
    sealed_request = form.find("sealed_request")

    async def again(username: str, refusal: Refusal) -> HTTPResponse:
        ways = await find_ways(facade, form.browser)
        client = parse_client(form.find("client"))
        return login_page(facade, form.browser, client, sealed_request, ways, username=username, refusal=refusal)

    question = LogInRequest(sealed_request=sealed_request)
    form_targets = form_target(parse_client(form.find("client")).redirect_uri)
    return await sign_in(
        request, facade, form, question, again, partial(back_to_authorize, facade), form_targets=form_targets
    )


async def log_out(request: Request, facade: Facade) -> HTTPResponse:
    """Ends the session and goes on with the authorization request, as somebody else."""
    form = parse_own_form(request, facade, "logout", carried=("sealed_request",))
    question = LogOutRequest(sealed_request=form.find("sealed_request"))
    return await sign_out(facade, form, question, partial(back_to_authorize, facade))


def parse_client(text: str) -> RequestingClient:
    """The app that a login page was shown for, as its form carries it. Raises Refusal: the form is damaged."""
    try:
        return RequestingClient.FromString(base64.urlsafe_b64decode(text))
    except (binascii.Error, DecodeError, ValueError):
        raise Refusal("FORM_EXPIRED", "The form is damaged.") from None
