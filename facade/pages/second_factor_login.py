"""The page that asks for a code, after a right password."""

from sanic import HTTPResponse

from facade import paths
from facade.cookies import Browser
from facade.csrf import csrf_token
from facade.errors import Refusal, get_answer
from facade.facade import Facade
from facade.texts.languages import current_texts


def second_factor_login_page(
    facade: Facade, browser: Browser, sealed: str, form_targets: str, refusal: Refusal | None = None
) -> HTTPResponse:
    """Asks for the code; after a refusal it says what was wrong. `form_targets` are those of the login page."""
    values = {
        "carried": {"sealed_second_factor": sealed, "form_targets": form_targets},
        "csrf_token": csrf_token(browser, "second factor", "", sealed, form_targets),
        "prove_url": facade.local_url(paths.LOGIN_SECOND_FACTOR),
        "problem": None if refusal is None else problem_with_code(refusal),
    }
    status = 200 if refusal is None else get_answer(refusal).status
    return facade.pages.render("second_factor_login.html", values, status=status, form_targets=form_targets)


def problem_with_code(refusal: Refusal) -> str:
    """What was wrong, where a code is asked for once more."""
    texts = current_texts()
    if refusal.reason == "SECOND_FACTOR_FAILED":
        return texts.text("second_factor.wrong")
    return texts.text("login.too_many_attempts", duration=texts.duration(refusal.retry_after or 60))
