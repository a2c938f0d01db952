"""The page for a request that is refused: what happened and what the user can do. It leads to pages of ours alone."""

from typing import Final, NamedTuple

from markupsafe import Markup
from sanic import HTTPResponse

from facade import paths
from facade.errors import Answer, Refusal
from facade.forms import parse_parameters
from facade.pages.details import detail_words
from facade.pages.rendering import Pages, set_apart
from facade.pages.untrusted import shown
from facade.texts.languages import current_texts


class _Place(NamedTuple):
    """A page of ours that nobody comes to from an app."""

    path: str
    #: The text of the link there.
    link: str


#: By what the core calls them, as the ways back from a login.
_PLACES: Final = {
    "account": _Place(paths.ACCOUNT, "error_page.to_account"),
    "console": _Place(paths.CONSOLE, "error_page.to_console"),
    "device": _Place(paths.DEVICE, "error_page.to_device"),
}
#: Where everybody may be at any time; the page for codes may be switched off.
_ALWAYS: Final = (_PLACES["account"], _PLACES["console"])


def refusal_page(
    pages: Pages,
    refusal: Refusal,
    answer: Answer,
    incident: str,
    query_string: str,
    path: str = "",
    *,
    strayed: bool = False,
) -> HTTPResponse:
    """The page; at the authorization endpoint even a client's own mistakes end here (RFC 6749 §4.1.2.1).

    `path` is below the public address: the route's or, where somebody has `strayed` to where there is none, what was
    asked for. Whoever was at a page of ours is led back there, and told nothing of an app; so is who has strayed. Who
    has opened a page that only a form leads to may have come from an app, and can look at what it has got.
    """
    texts, words = current_texts(), f"error.{answer.words}"
    place = _PLACES.get(refusal.back_to or refusal.page) or _find_place(path)
    # Where there is no console the way to it would lead here again.
    if refusal.reason == "CONSOLE_OFF" or (strayed and place is None):
        place = _PLACES["account"]
    way_on = place or (_PLACES["account"] if answer.status == 405 else None)
    # Where a provider has named somebody who is not wanted here, it is asked for somebody else.
    query = "?prompt=login" if refusal.back_to else ""

    def say(part: str) -> Markup:
        here = texts.find(f"error_here.{answer.words}.{part}") if place else None
        return here or texts.text(f"{words}.{part}")

    advice = say("advice")
    if refusal.reason == "TOO_MANY_ATTEMPTS" and refusal.retry_after:
        key = "error_page.wait_here" if place else "error_page.wait"
        advice = texts.text(key, duration=texts.duration(refusal.retry_after))
    values = {
        "title": say("title"),
        "advice": advice,
        "way_on": (pages.address.path + way_on.path + query, texts.text(way_on.link)) if way_on else None,
        "operator_advice": texts.find(f"{words}.operator"),
        "tools": [*texts.section(f"{words}.tools")],
        "details": _details(refusal, answer, query_string),
        "incident": incident,
    }
    return pages.render("error.html", values, refusal=refusal)


def _find_place(path: str) -> _Place | None:
    return next((place for place in _ALWAYS if f"{path}/".startswith(f"{place.path}/")), None)


def _details(refusal: Refusal, answer: Answer, query_string: str) -> list[Markup]:
    # Whom another provider has named learns why this server does not let them in, or which provider is not there.
    if answer.status != 400 and not answer.words.startswith("upstream_"):
        return []
    words = detail_words(refusal)
    redirect_uri = _find_redirect_uri(query_string) if answer.error == "invalid_redirect_uri" else ""
    # An operator who is shown this page needs the address itself, and once.
    if redirect_uri and not any(redirect_uri in values.values() for _, values in refusal.said):
        words.insert(0, set_apart(shown(redirect_uri, 400)))
    return words


def _find_redirect_uri(query_string: str) -> str:
    try:
        return dict(parse_parameters(query_string.encode())).get("redirect_uri", "")
    except Refusal:
        return ""
