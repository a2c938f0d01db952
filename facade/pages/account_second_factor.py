"""The page of the second factor: off, waiting for the first code, or on."""

import io
from collections.abc import Iterable
from functools import partial

from sanic import HTTPResponse
from tokenhouse.v1.second_factor_pb2 import GetSecondFactorResponse

from facade import paths
from facade.cookies import Browser
from facade.csrf import csrf_token
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.account_password import problem_with_password
from facade.pages.second_factor_login import problem_with_code
from facade.texts.languages import current_texts


def second_factor_page(
    facade: Facade,
    browser: Browser,
    session_token: str,
    state: GetSecondFactorResponse,
    refusal: Refusal | None = None,
) -> HTTPResponse:
    """How it stands, and the forms that change it; after a refusal it says what was wrong."""
    texts, secret = current_texts(), state.waiting_secret
    token = partial(csrf_token, browser)
    values = {
        "on_since": texts.moment(state.on_since) if state.HasField("on_since") else "",
        "recovery_codes_left": texts.text("second_factor.left", count=state.recovery_codes_left),
        "has_second_factor": state.has_second_factor,
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "qr_url": facade.local_url(paths.ACCOUNT_SECOND_FACTOR_QR),
        "begin_url": facade.local_url(paths.ACCOUNT_SECOND_FACTOR_BEGIN),
        "begin_csrf_token": token("begin second factor", session_token),
        "confirm_url": facade.local_url(paths.ACCOUNT_SECOND_FACTOR_CONFIRM),
        "confirm_csrf_token": token("confirm second factor", session_token),
        "renew_url": facade.local_url(paths.ACCOUNT_RECOVERY_CODES),
        "renew_csrf_token": token("renew recovery codes", session_token),
        "off_url": facade.local_url(paths.ACCOUNT_SECOND_FACTOR_OFF),
        "off_csrf_token": token("switch off second factor", session_token),
        "account_url": facade.local_url(paths.ACCOUNT),
        "problem": None if refusal is None else _problem(refusal),
    }
    return facade.pages.render("account_second_factor.html", values, refusal=refusal)


def recovery_codes_page(facade: Facade, codes: Iterable[str]) -> HTTPResponse:
    """The codes, once: whoever leaves the page without them makes new ones."""
    values = {"codes": [*codes], "account_url": facade.local_url(paths.ACCOUNT)}
    return facade.pages.render("recovery_codes.html", values)


def qr_code(uri: str) -> bytes:
    """An image (SVG) that apps read: black on white, whatever the page's colours are."""
    image = io.BytesIO()
    # Loaded with the first picture.
    import segno

    code = segno.make(uri, error="m", micro=False)
    code.save(image, kind="svg", scale=4, light="#fff", svgclass=None, lineclass=None)
    return image.getvalue()


def _problem(refusal: Refusal) -> str:
    return problem_with_code(refusal) if refusal.reason == "SECOND_FACTOR_FAILED" else problem_with_password(refusal)
