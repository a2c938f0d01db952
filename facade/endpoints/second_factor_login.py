"""The second step of a login, whichever page it leads back to."""

from sanic import HTTPResponse, Request
from tokenhouse.v1.passkey_login_pb2 import OfferPasskeySecondFactorRequest
from tokenhouse.v1.session_pb2 import ProveSecondFactorRequest

from facade.endpoints.back import enter
from facade.endpoints.own_form import OwnForm, parse_own_form
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.second_factor_login import CARRIED_TO_SECOND_STEP, second_factor_login_page


async def ask_for_second_factor(
    facade: Facade, form: OwnForm, sealed: str, form_targets: str, refusal: Refusal | None = None
) -> HTTPResponse:
    """The page of the second step, with what this user has for it; after a refusal it says what was wrong."""
    question = OfferPasskeySecondFactorRequest(sealed_second_factor=sealed, browser_binding=form.browser.binding)
    try:
        factors = await facade.core.account.passkeys.offer_second_factor(question)
    except Refusal as gone:
        raise form.expired(gone) from gone
    return second_factor_login_page(facade, form.browser, sealed, form_targets, factors, refusal, before=form.page)


async def prove_second_factor(request: Request, facade: Facade) -> HTTPResponse:
    """Starts a session; a wrong code shows the form again."""
    form = parse_own_form(request, facade, "second factor", carried=CARRIED_TO_SECOND_STEP, bound_to_session=False)
    sealed = form.find("sealed_second_factor")
    question = ProveSecondFactorRequest(
        sealed_second_factor=sealed,
        browser_binding=form.browser.binding,
        code=form.find("code"),
        network_address=facade.network_address(request),
        session_token=form.session_token,
        remembered_browser=form.remembered_browser,
    )
    try:
        login = await facade.core.account.second_factor.prove(question)
    except Refusal as refusal:
        if refusal.reason not in ("SECOND_FACTOR_FAILED", "TOO_MANY_ATTEMPTS"):
            raise form.expired(refusal) from refusal
        return await ask_for_second_factor(facade, form, sealed, form.find("form_targets"), refusal)
    return enter(facade, login)
