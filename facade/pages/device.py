"""The pages around the consent for a device: the form for its code, and the end."""

from sanic import HTTPResponse
from tokenhouse.v1.device_authorization_pb2 import DeviceForm

from facade.cookies import Browser
from facade.csrf import csrf_token
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.untrusted import shown
from facade.texts.languages import current_texts


def device_page(
    facade: Facade, browser: Browser, session_token: str, form: DeviceForm, *, typed: str, refusal: Refusal | None
) -> HTTPResponse:
    """Asks for the code; after a refusal it keeps what was typed and says what was wrong."""
    values = {
        "username": shown(form.username, 80),
        # What came by link is shown where it can be a code at all: nobody writes on this page but its user.
        "user_code": form.user_code if refusal is None else shown(typed, 64),
        "by_link": bool(form.user_code) and refusal is None,
        "problem": None if refusal is None else _problem(refusal),
        "csrf_token": csrf_token(browser, "device", session_token),
        "sealed_device_page": form.sealed_page,
        "logout_csrf_token": csrf_token(browser, "device logout", session_token, form.sealed_page),
    }
    return facade.pages.render("device.html", values, refusal=refusal)


def decided_page(facade: Facade, *, allowed: bool) -> HTTPResponse:
    """What the user does next."""
    return facade.pages.render("device_decided.html", {"allowed": allowed})


def _problem(refusal: Refusal) -> str:
    texts = current_texts()
    if refusal.reason == "USER_CODE_UNKNOWN":
        return texts.text("error.unknown_code.advice")
    return texts.text("device.too_many_codes", duration=texts.duration(refusal.retry_after or 60))
