"""The form for a new password."""

from sanic import HTTPResponse

from facade import paths
from facade.cookies import Browser
from facade.csrf import csrf_token
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.kept_out import too_many_attempts
from facade.texts.languages import current_texts

_PROBLEMS = {
    "LOGIN_FAILED": "password.wrong",
    "INVALID_ARGUMENT": "password.length",
    "PASSWORDS_DIFFER": "password.differ",
}


def password_page(facade: Facade, browser: Browser, session_token: str, refusal: Refusal | None = None) -> HTTPResponse:
    """Asks for the old one and twice for the new one; after a refusal it says what was wrong."""
    values = {
        "csrf_token": csrf_token(browser, "password", session_token),
        "password_url": facade.local_url(paths.ACCOUNT_PASSWORD),
        "account_url": facade.local_url(paths.ACCOUNT),
        "problem": None if refusal is None else problem_with_password(refusal),
    }
    return facade.pages.render("account_password.html", values, refusal=refusal)


def problem_with_password(refusal: Refusal) -> str:
    """What was wrong, where a password is asked for once more."""
    if refusal.reason in _PROBLEMS:
        return current_texts().text(_PROBLEMS[refusal.reason])
    return too_many_attempts(refusal)
