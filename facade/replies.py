"""The shapes of replies that are not pages."""

import json
from collections.abc import Mapping

from sanic import HTTPResponse

from facade.errors import Answer, Refusal, clean_description
from facade.headers import NO_STORE, in_language
from facade.texts.languages import current_texts

#: RFC 7617 §2.
_CHALLENGE = 'Basic realm="tokenhouse", charset="UTF-8"'
#: RFC 6750 §3.
_BEARER_CHALLENGE = 'Bearer realm="tokenhouse", error="invalid_token"'


def json_reply(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> HTTPResponse:
    """A JSON reply that nobody stores, unless `headers` say otherwise."""
    return HTTPResponse(
        body,
        status,
        NO_STORE | {"X-Content-Type-Options": "nosniff"} | dict(headers or {}),
        content_type="application/json",
    )


def json_refusal(refusal: Refusal, answer: Answer, incident: str, *, navigating: bool) -> HTTPResponse:
    """RFC 6749 §5.2; `navigating` tells that a browser would show the reply to its user."""
    description = refusal.description or answer.title + "."
    if answer.status >= 500 and answer.error == "server_error":
        description = f"Something went wrong on this server; incident {incident}."
    body = {"error": answer.error, "error_description": clean_description(description)}
    headers = retry_after(refusal)
    status = answer.status
    if status == 401 and navigating:
        # Another site's form may have led here, and a challenge would make the browser ask its user for a password.
        status = 400
    elif status == 401:
        challenge = _BEARER_CHALLENGE if answer.error == "invalid_token" else _CHALLENGE
        headers["WWW-Authenticate"] = challenge  # RFC 9110 §15.5.2: on every 401.
    return json_reply(json.dumps(body).encode(), status, headers)


def text_refusal(answer: Answer, incident: str) -> HTTPResponse:
    """For requests that reach no endpoint, or none for people, though people may see it."""
    texts = current_texts()
    title = texts.text(f"error.{answer.words}.title")
    text = texts.text("error_page.incident", title=title, incident=incident) if answer.status >= 500 else title
    return HTTPResponse(
        f"{text.unescape()}\n".encode(),
        answer.status,
        {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} | in_language(texts.language),
        content_type="text/plain; charset=utf-8",
    )


def redirect(location: str, status: int = 303) -> HTTPResponse:
    """After a form 303, so that the browser always follows with GET (RFC 9700 §4.12)."""
    headers = NO_STORE | {"Location": location, "Referrer-Policy": "no-referrer"}
    return HTTPResponse(b"", status, headers, content_type="text/plain")


def retry_after(refusal: Refusal) -> dict[str, str]:
    """RFC 9110 §10.2.3, in seconds."""
    return {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
