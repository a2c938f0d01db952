"""The page that asks for a code, after a right password."""

from sanic import HTTPResponse
from tokenhouse.v1.passkey_login_pb2 import OfferPasskeySecondFactorResponse

from facade import paths
from facade.cookies import Browser
from facade.csrf import csrf_token
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.kept_out import is_kept_out_of_second_step, too_many_attempts
from facade.pages.passkey_form import passkey_form
from facade.sealed_page import BEFORE
from facade.texts.languages import current_texts

#: What both forms of the page carry, in the order in which their tokens cover it.
CARRIED_TO_SECOND_STEP = ("sealed_second_factor", "form_targets", BEFORE)


def second_factor_login_page(
    facade: Facade,
    browser: Browser,
    sealed: str,
    form_targets: str,
    factors: OfferPasskeySecondFactorResponse,
    refusal: Refusal | None = None,
    *,
    before: str = "",
) -> HTTPResponse:
    """Asks for a passkey or a code; after a refusal it says what was wrong. `form_targets` are the login page's, and
    `before` is the name of the page of ours that it stands in front of, if it does."""
    carried = {"sealed_second_factor": sealed, "form_targets": form_targets, BEFORE: before}
    url = facade.local_url(paths.LOGIN_SECOND_PASSKEY)
    passkey = (
        passkey_form(browser, "second passkey", url, factors.offer, carried, kind="step")
        if factors.HasField("offer")
        else None
    )
    values = {
        "carried": carried,
        "passkey": passkey,
        "has_codes": factors.has_codes,
        "csrf_token": csrf_token(browser, "second factor", "", *carried.values()),
        "prove_url": facade.local_url(paths.LOGIN_SECOND_FACTOR),
        "problem": None if refusal is None else problem_with_code(refusal),
        "kept_out": is_kept_out_of_second_step(refusal),
    }
    return facade.pages.render(
        "second_factor_login.html", values, refusal=refusal, form_targets=form_targets, script=passkey is not None
    )


def problem_with_code(refusal: Refusal) -> str:
    """What was wrong, where a code is asked for once more."""
    texts = current_texts()
    if refusal.reason == "SECOND_FACTOR_FAILED":
        return texts.text("second_factor.wrong")
    if refusal.reason == "PASSKEY_FAILED":
        return texts.text("passkeys.not_good_step")
    return too_many_attempts(refusal)
