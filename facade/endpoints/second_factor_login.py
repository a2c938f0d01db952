"""The second step of a login, whichever page it leads back to."""

from sanic import HTTPResponse, Request
from tokenhouse.v1.session_pb2 import ProveSecondFactorRequest

from facade.endpoints.back import BACK
from facade.endpoints.own_form import parse_own_form
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.second_factor_login import second_factor_login_page
from facade.replies import retry_after


async def prove_second_factor(request: Request, facade: Facade) -> HTTPResponse:
    """Starts a session; a wrong code shows the form again."""
    carried = ("sealed_second_factor", "form_targets")
    form = parse_own_form(request, facade, "second factor", carried=carried, bound_to_session=False)
    sealed = form.find("sealed_second_factor")
    question = ProveSecondFactorRequest(
        sealed_second_factor=sealed,
        browser_binding=form.browser.binding,
        code=form.find("code"),
        network_address=facade.network_address(request),
        session_token=form.session_token,
    )
    try:
        login = await facade.core.account.second_factor.prove(question)
    except Refusal as refusal:
        if refusal.reason not in ("SECOND_FACTOR_FAILED", "TOO_MANY_ATTEMPTS"):
            raise form.expired(refusal) from refusal
        page = second_factor_login_page(facade, form.browser, sealed, form.find("form_targets"), refusal)
        page.headers.update(retry_after(refusal))
        return page
    reply = BACK[login.back_to](facade, login.parameters)
    reply.headers.add("Set-Cookie", facade.cookies.set_session(login.session_token))
    return reply
