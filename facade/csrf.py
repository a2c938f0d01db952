"""Forms that only our own pages can send.

Stateless: the token in a form is a MAC, under the browser cookie's secret, of the form's name, the session it was shown
to, and what the form carries. Another site knows none of them, and a token fits no other form.
"""

import base64
import hashlib
import hmac

from facade.cookies import Browser
from facade.errors import Refusal


def csrf_token(browser: Browser, form_name: str, session_token: str, *carried: str) -> str:
    """The token for one form of one browser."""
    mac = hmac.new(browser.secret.encode(), b"csrf", hashlib.sha256)
    for part in (form_name, session_token, *carried):
        encoded = part.encode()
        mac.update(len(encoded).to_bytes(4, "big") + encoded)
    return base64.urlsafe_b64encode(mac.digest()).rstrip(b"=").decode()


def require_csrf_token(token: str, browser: Browser, form_name: str, session_token: str, *carried: str) -> None:
    """Refuses a form that is not from a page of ours, made for this browser, session and content."""
    expected = csrf_token(browser, form_name, session_token, *carried)
    if not hmac.compare_digest(token.encode(), expected.encode()):
        raise Refusal("FORM_EXPIRED", "The form does not belong to this browser or session.")


def require_same_origin(origin: str | None, fetch_site: str | None, own_origin: str) -> None:
    """Refuses a form that the browser says comes from elsewhere (Fetch §3.2, Fetch Metadata §2.3).

    Our pages send `Referrer-Policy: no-referrer`, with which browsers state the origin of a form as "null".
    """
    if fetch_site not in (None, "same-origin", "none"):
        raise Refusal("FORM_EXPIRED", "The form was sent from another site.")
    if origin not in (None, "null", own_origin):
        raise Refusal("FORM_EXPIRED", "The form was sent from another site.")
