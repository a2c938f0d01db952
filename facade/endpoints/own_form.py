"""Forms that this server's own pages send: from this origin, for this browser, unchanged."""

from dataclasses import dataclass

from sanic import Request

from facade.cookies import Browser, cookie_header
from facade.correlation import asked_from
from facade.csrf import require_csrf_token, require_same_origin
from facade.errors import Refusal
from facade.facade import Facade
from facade.forms import Form, parse_form


@dataclass(frozen=True, slots=True)
class OwnForm:
    """A form whose origin has been proved."""

    browser: Browser
    session_token: str
    #: What the core remembers the browser by, or the empty string.
    remembered_browser: str
    _form: Form

    def find(self, name: str) -> str:
        """The value, or the empty string."""
        return self._form.find(name) or ""

    def is_allowed(self) -> bool:
        """The user's answer: yes or no. Raises Refusal: neither."""
        decision = self.find("decision")
        if decision not in ("allow", "deny"):
            raise Refusal("FORM_EXPIRED", "The form says neither allow nor deny.")
        return decision == "allow"

    def expired(self, refusal: Refusal) -> Refusal:
        """The core's refusal as the person at this form sees it: a sealed request or session that is over."""
        if refusal.reason in ("INVALID_REQUEST", "LOGIN_REQUIRED"):
            return Refusal("FORM_EXPIRED", refusal.description)
        return refusal


def parse_own_form(
    request: Request, facade: Facade, form_name: str, *, carried: tuple[str, ...], bound_to_session: bool = True
) -> OwnForm:
    """The form. Refuses one that our page did not make; `carried` names the fields that must be as we wrote them."""
    require_same_origin(
        request.headers.get("origin"), request.headers.get("sec-fetch-site"), facade.settings.address.origin
    )
    asked_from.set(facade.network_address(request))
    cookie = cookie_header(request)
    browser = facade.cookies.find_browser(cookie)
    if browser is None:
        raise Refusal("FORM_EXPIRED", "The browser sent no cookie.")
    form = OwnForm(
        browser,
        facade.cookies.find_session_token(cookie),
        facade.cookies.find_remembered(cookie),
        parse_form(request.headers.get("content-type"), request.query_string, request.body),
    )
    bound = form.session_token if bound_to_session else ""
    require_csrf_token(form.find("csrf_token"), browser, form_name, bound, *map(form.find, carried))
    return form
