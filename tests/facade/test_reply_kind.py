"""Who gets a page when no route says so."""

import pytest
from sanic import Request
from sanic.compat import Header

from facade.reply_kind import reply_kind
from facade.route import Kind

_CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"


def _kind(path: str, *accept: str) -> Kind:
    fields = Header([("accept", each) for each in accept])
    return reply_kind(Request(path.encode(), fields, "1.1", "GET", None, None), None, "/auth")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "accept",
    [
        _CHROMIUM,
        "text/html",
        "text/html;level=1;q=0.1, */*;q=0.9",
        "application/json;q=0.9, Text/HTML",
        "a/b,text/html",
    ],
)
def test_who_names_html_gets_a_page(accept: str) -> None:
    """RFC 9110 §12.5.1: browsers name it when they show a reply to somebody."""
    assert _kind("/auth/acount", accept) is Kind.PAGE


@pytest.mark.parametrize(
    "accept",
    [
        (),
        ("",),
        ("*/*",),
        ("text/*",),
        ("application/json",),
        ("application/json, text/plain, */*",),
        ("application/json, text/html;q=0.5",),
        ("text/html;q=0",),
        ("image/avif,image/webp,*/*;q=0.8",),
        ("text/html;q=x",),
        ("nonsense",),
        ("text/html," + "a/b," * 20,),
        ("text/html;a=" + "b" * 600,),
    ],
)
def test_nobody_else_does(accept: tuple[str, ...]) -> None:
    """A client that would take anything reads the short text, and what is no list of types is none."""
    assert _kind("/auth/acount", *accept) is Kind.PLAIN


def test_a_field_in_two_lines_is_one_list() -> None:
    """RFC 9110 §5.3."""
    assert _kind("/", "image/avif", "text/html") is Kind.PAGE


@pytest.mark.parametrize("path", ["/auth/oauth/v1/tokens", "/oauth/v1/token", "/auth/static/page.css"])
def test_beside_the_addresses_of_machines_nobody_gets_a_page(path: str) -> None:
    """Whoever has mistyped an endpoint reads JSON or a line, as at the endpoint itself."""
    assert _kind(path, _CHROMIUM) is Kind.PLAIN
