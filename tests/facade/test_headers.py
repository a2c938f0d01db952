"""Page headers, above all what forms may lead to."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.headers import form_target, page_headers


@pytest.mark.parametrize(
    ("redirect_uri", "source"),
    [
        ("https://a.example/cb?x=1", "https://a.example"),
        ("https://A.Example:8443/cb", "https://a.example:8443"),
        ("http://127.0.0.1:33418/", "http://127.0.0.1:33418"),
        ("http://localhost/cb", "http://localhost"),
        ("http://[::1]:7777/cb", "http:"),
        ("cursor://anysphere.cursor-mcp/oauth/callback", "cursor:"),
        ("com.example.app:/cb", "com.example.app:"),
        ("https://under_score.example/cb", "https:"),
        ("https://a.example;script-src */cb", "https:"),
        ("https://a.example 'unsafe-inline'/cb", "https:"),
        ("https://a.example,*/cb", "https:"),
        ("https://user@a.example/cb", "https://a.example"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https://a.example:99999/", ""),
        ("https://[::1/", ""),
        ("no scheme", ""),
        ("", ""),
    ],
)
def test_a_redirect_uri_becomes_one_csp_source(redirect_uri: str, source: str) -> None:
    """CSP Level 3 §6.4.1: browsers apply form-action to redirects, so it names where the answer goes, and only that."""
    assert form_target(redirect_uri) == source


@given(st.one_of(st.text(), st.text().map("https://{}/cb".format), st.text().map("{}://host/".format)))
def test_no_redirect_uri_adds_a_word_to_the_policy(redirect_uri: str) -> None:
    """A client's text can never end the directive, add a second source or use a keyword."""
    assert re.fullmatch(r"([a-z][a-z0-9+.-]*:(//[a-z0-9.-]+(:[0-9]+)?)?)?", form_target(redirect_uri))


def test_pages_cannot_be_framed_stored_or_scripted() -> None:
    """RFC 9700 §4.16 and row 12 of the reply table; HSTS only where there is TLS."""
    plain, tls = page_headers("https://a.example", https=False), page_headers("", https=True)

    bare = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"

    assert plain["Content-Security-Policy"] == f"{bare}; form-action 'self' https://a.example"
    assert tls["Content-Security-Policy"] == f"{bare}; form-action 'self'"
    assert page_headers(None, https=False)["Content-Security-Policy"] == bare
    assert plain["X-Frame-Options"] == "DENY"
    assert plain["Referrer-Policy"] == "no-referrer"
    assert plain["Cache-Control"] == "no-store"
    assert plain["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" not in plain
    assert "Strict-Transport-Security" in tls
