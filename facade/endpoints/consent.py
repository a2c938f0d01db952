"""The consent form: the user's yes or no."""

from sanic import HTTPResponse, Request
from tokenhouse.v1.authorization_pb2 import DecideConsentRequest

from facade.endpoints.own_form import parse_own_form
from facade.errors import Refusal
from facade.facade import Facade
from facade.redirects import client_redirect
from facade.replies import redirect


async def decide_consent(request: Request, facade: Facade) -> HTTPResponse:
    """Tells the core and sends the browser back to the client, with a code or with access_denied."""
    form = parse_own_form(request, facade, "consent", carried=("sealed_request",))
    allowed = form.is_allowed()
    try:
        answer = await facade.core.decide_consent(
            DecideConsentRequest(
                sealed_request=form.find("sealed_request"),
                session_token=form.session_token,
                browser_binding=form.browser.binding,
                approved=allowed,
            )
        )
    except Refusal as refusal:
        raise form.expired(refusal) from refusal
    return redirect(client_redirect(answer.redirect))
