"""The page for a request that is refused: what happened and what the user can do. It never leads anywhere."""

from sanic import HTTPResponse

from facade.errors import Answer, Refusal
from facade.forms import parse_parameters
from facade.pages.rendering import Pages
from facade.pages.untrusted import shown
from facade.replies import retry_after
from facade.texts.languages import current_texts


def refusal_page(pages: Pages, refusal: Refusal, answer: Answer, incident: str, query_string: str) -> HTTPResponse:
    """The page; at the authorization endpoint even a client's own mistakes end here (RFC 6749 §4.1.2.1)."""
    texts = current_texts()
    words = f"error.{answer.words}"
    advice = texts.text(f"{words}.advice")
    if refusal.reason == "TOO_MANY_ATTEMPTS" and refusal.retry_after:
        advice = texts.text("error_page.wait", duration=texts.duration(refusal.retry_after))
    values = {
        "title": texts.text(f"{words}.title"),
        "advice": advice,
        "operator_advice": texts.find(f"{words}.operator"),
        "tools": [*texts.section(f"{words}.tools")],
        "details": [shown(text, 400) for text in _details(refusal, answer, query_string) if text],
        "incident": incident,
    }
    # A page of 401 would have to name an authentication scheme (RFC 9110 §15.5.2), and the user is not at fault.
    response = pages.render("error.html", values, status=400 if answer.status == 401 else answer.status)
    response.headers.update(retry_after(refusal))
    return response


def _details(refusal: Refusal, answer: Answer, query_string: str) -> list[str]:
    # Whom another provider has named learns why this server does not let them in, or which provider is not there.
    if answer.status != 400 and not answer.words.startswith("upstream_"):
        return []
    if refusal.reason != "INVALID_REDIRECT_URI":
        return [refusal.description]
    redirect_uri = _find_redirect_uri(query_string)
    # An operator who is shown this page needs the address itself, and once.
    return [refusal.description] if redirect_uri in refusal.description else [redirect_uri, refusal.description]


def _find_redirect_uri(query_string: str) -> str:
    try:
        return dict(parse_parameters(query_string.encode())).get("redirect_uri", "")
    except Refusal:
        return ""
