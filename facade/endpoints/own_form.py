"""Forms that this server's own pages send: from this origin, for this browser, unchanged."""

from dataclasses import dataclass

from sanic import Request

from facade.cookies import Browser, cookie_header
from facade.correlation import asked_from
from facade.csrf import require_csrf_token, require_same_origin
from facade.errors import Refusal
from facade.facade import Facade
from facade.forms import Form, parse_form
from facade.sealed_page import BEFORE, SEALED_PAGES


@dataclass(frozen=True, slots=True)
class OwnForm:
    """A form whose origin has been proved."""

    browser: Browser
    session_token: str
    #: What the core remembers the browser by, or the empty string.
    remembered_browser: str
    _form: Form

    @property
    def page(self) -> str:
        """Which page of ours it stands in front of, by its name in `facade.sealed_page`; empty where an app asks."""
        return _find_page(self._form)

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
        if refusal.reason not in ("INVALID_REQUEST", "LOGIN_REQUIRED"):
            return refusal
        expired = Refusal("FORM_EXPIRED", refusal.description)
        expired.page = self.page
        return expired


def parse_own_form(
    request: Request, facade: Facade, form_name: str, *, carried: tuple[str, ...], bound_to_session: bool = True
) -> OwnForm:
    """The form. Refuses one that our page did not make; `carried` names the fields that must be as we wrote them."""
    require_same_origin(
        request.headers.get("origin"), request.headers.get("sec-fetch-site"), facade.settings.address.origin
    )
    asked_from.set(facade.network_address(request))
    sent = parse_form(request.headers.get("content-type"), request.query_string, request.body)
    try:
        form = _require_own(facade, cookie_header(request), sent)
        bound = form.session_token if bound_to_session else ""
        require_csrf_token(form.find("csrf_token"), form.browser, form_name, bound, *map(form.find, carried))
    except Refusal as refusal:
        # What such a form says it is from chooses among our own pages, and nothing else.
        refusal.page = _find_page(sent)
        raise
    return form


def _require_own(facade: Facade, cookie: str, sent: Form) -> OwnForm:
    browser = facade.cookies.find_browser(cookie)
    if browser is None:
        raise Refusal("FORM_EXPIRED", "The browser sent no cookie.")
    return OwnForm(browser, facade.cookies.find_session_token(cookie), facade.cookies.find_remembered(cookie), sent)


def _find_page(form: Form) -> str:
    # The second step has nothing that a page is opened with: that is sealed with whose password was right.
    before = next((page.name for page in SEALED_PAGES if form.find(page.field)), None)
    return before or form.find(BEFORE) or ""
