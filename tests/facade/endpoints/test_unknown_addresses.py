"""What a person sees who has come to where nothing is, and what machines get there."""

import re

import pytest

from tests.facade.pair import Pair
from tests.facade.raw import exchange, split_reply

_BROWSER = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Language": "de-AT,de;q=0.9,en;q=0.5",
}
_LONG = "a" * 40_000


@pytest.mark.parametrize("path", ["/", "/acount", "/account/", "/admin/nothing", "/.well-known", "/livez/"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "TRACE"])
def test_a_browser_is_shown_a_page_that_leads_on(pair: Pair, method: str, path: str) -> None:
    """RFC 9110 §15.5.5, §12.5: 404 in the form and the language that the browser wishes for, with the way to what is
    there."""
    response = pair.client.request(method, path, headers=_BROWSER)

    assert (response.status_code, response.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "<h1>Hier ist nichts</h1>" in response.text
    assert '<html lang="de">' in response.text
    assert re.findall(r'<a [^>]*href="([^"]*)"', response.text) == ["/admin" if "/admin" in path else "/account"]
    assert response.headers["vary"] == "Accept, Accept-Language"


def test_the_page_is_as_well_kept_as_any_other(pair: Pair) -> None:
    """RFC 9700 §4.16, CSP Level 3: every header that the pages of the endpoints have."""
    unknown = pair.client.get("/acount", headers=_BROWSER).headers
    known = pair.client.get("/oauth/v1/authorize", headers=_BROWSER).headers

    assert {**known, "vary": "", "content-length": ""} == {**unknown, "vary": "", "content-length": ""}
    assert "content-security-policy" in unknown
    assert "set-cookie" not in unknown


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/plain, */*"])
@pytest.mark.parametrize("path", ["/", "/acount", "/admin/nothing", "/favicon.ico"])
def test_machines_get_one_line(pair: Pair, path: str, accept: str) -> None:
    """RFC 9110 §12.5.1: whoever does not ask for HTML is not led astray by it, nor made to read it."""
    response = pair.client.get(path, headers={"Accept": accept})

    assert (response.status_code, response.text) == (404, "There is nothing here\n")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/oauth/v1/tokens", "/static/page.css", "/livez"])
def test_the_places_of_machines_have_no_pages(pair: Pair, path: str) -> None:
    """Beside an OAuth endpoint and at a probe the reply is the same, whoever asks."""
    response = pair.client.put(path, headers=_BROWSER)

    assert response.headers["content-type"] == "text/plain; charset=utf-8"


def test_well_known_names_answer_scripts(pair: Pair) -> None:
    """RFC 8414 §3: JSON with CORS headers, whatever a browser says that it takes."""
    response = pair.client.get("/.well-known/nothing", headers=_BROWSER)

    assert (response.status_code, response.json()["error"]) == (404, "not_found")
    assert response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (f"GET /acount?{_LONG} HTTP/1.1", 414),
        (f"GET /acount HTTP/1.1\r\n%s\r\nCookie: {_LONG}", 431),
        ("GET /acount HTTP/3.7", 400),
        ("GET /acount\x01 HTTP/1.1", 400),
        ("GET /acount HTTP/1.1\r\nHost: another", 400),
    ],
    ids=["URI too long", "fields too large", "version", "control character", "two hosts"],
)
def test_what_nobody_could_read_is_refused_with_a_page(pair: Pair, sent: str, status: int) -> None:
    """RFC 9110 §15.5.1, §15.5.15, RFC 6585 §5: a head that is not read says in which form, all the same."""
    wishes = "\r\n".join(f"{name}: {value}" for name, value in _BROWSER.items())
    head = sent.replace("%s", wishes) if "%s" in sent else f"{sent}\r\nHost: h\r\n{wishes}"
    found, headers, body = split_reply(exchange(pair, f"{head}\r\nConnection: close\r\n\r\n".encode("latin-1")))

    assert (found, headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert headers["content-language"] == "de"
    assert b'href="/account"' in body


@pytest.mark.parametrize("path", ["/login", "/consent", "/logout", "/device/login", "/account/login"])
def test_who_opens_what_only_a_form_leads_to_is_led_on(pair: Pair, path: str) -> None:
    """RFC 9110 §15.5.6: 405 says which methods are allowed, and people where to go."""
    response = pair.client.get(path, headers=_BROWSER)

    assert (response.status_code, response.headers["allow"]) == (405, "POST, OPTIONS")
    assert re.findall(r'<a [^>]*href="([^"]*)"', response.text) == ["/account"]
