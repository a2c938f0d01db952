"""The authorization endpoint (RFC 6749 §3.1)."""

from sanic import HTTPResponse, Request
from tokenhouse.v1.authorization_pb2 import (
    StartAuthorizationByDocumentRequest,
    StartAuthorizationRequest,
    StartAuthorizationResponse,
)
from tokenhouse.v1.parameter_pb2 import Parameter
from tokenhouse.v1.upstream_pb2 import StartUpstreamLoginRequest

from facade.cookies import cookie_header, new_browser
from facade.endpoints.back import back_to_authorize
from facade.endpoints.upstream_login import offer_sign_in
from facade.errors import Refusal
from facade.facade import Facade
from facade.forms import Parameters, media_type, parse_parameters
from facade.pages.consent import consent_page
from facade.pages.login import login_page
from facade.redirects import client_redirect, encode_parameters
from facade.replies import redirect

#: The request comes back in forms and in URLs, where it must fit again.
_MAX_LENGTH = 16 * 1024


async def authorize(request: Request, facade: Facade) -> HTTPResponse:
    """Asks the core what comes next and shows it: a page, or the way back to the client."""
    if request.method == "POST":
        return _as_get(request, facade)
    cookie = cookie_header(request)
    known = facade.cookies.find_browser(cookie)
    browser = known or new_browser()
    session_token = facade.cookies.find_session_token(cookie)
    network = facade.network_address(request)
    question = StartAuthorizationRequest(
        parameters=_parameters(parse_parameters(request.query_string.encode())),
        session_token=session_token,
        browser_binding=browser.binding,
        network_address=network,
    )
    answer = await _start(facade, question, network)
    match answer.WhichOneof("outcome"):
        case "redirect":
            # RFC 6749 §4.1.2.1: nothing was posted.
            return redirect(client_redirect(answer.redirect), 302)
        case "login":
            asked, sealed = answer.login.client, answer.login.sealed_request
            page = await offer_sign_in(
                facade,
                browser,
                StartUpstreamLoginRequest(sealed_request=sealed),
                lambda sign_in: login_page(facade, browser, asked, sealed, sign_in),
            )
        case "consent":
            page = consent_page(facade, browser, session_token, answer.consent)
        case _:
            raise RuntimeError("the core gave no outcome")
    if known is None:
        page.headers.add("Set-Cookie", facade.cookies.set_browser(browser))
    return page


async def _start(facade: Facade, question: StartAuthorizationRequest, network: str) -> StartAuthorizationResponse:
    answer = await facade.core.start_authorization(question)
    if answer.WhichOneof("outcome") != "document":
        return answer
    by_document = StartAuthorizationByDocumentRequest(request=question, network_address=network)
    return (await facade.core.start_authorization_by_document(by_document)).response


def _as_get(request: Request, facade: Facade) -> HTTPResponse:
    """A POSTed request (RFC 6749 §3.1) again as GET: SameSite=Lax cookies come with no POST from another site."""
    if media_type(request.headers.get("content-type")) != "application/x-www-form-urlencoded" or request.query_string:
        raise Refusal(
            "INVALID_REQUEST", "A POSTed authorization request is a form without parameters in the URL."
        ).saying("form_posted")
    return back_to_authorize(facade, _parameters(parse_parameters(request.body)))


def _parameters(parameters: Parameters) -> list[Parameter]:
    encoded = [Parameter(name=name, value=value) for name, value in parameters]
    if len(encode_parameters(encoded)) > _MAX_LENGTH:
        raise Refusal("INVALID_REQUEST", "The authorization request is too long.").saying("request_long")
    return encoded
