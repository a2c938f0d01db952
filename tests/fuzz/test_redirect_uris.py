"""Redirect URIs of any form: what is taken means the same to another reader, and leads where policy allows.

RFC 9700 §4.1.3; CVE-2026-28512 and its family: two readers of one URI that disagreed about its host.
"""

from urllib.parse import unquote

import httpx
import pytest
from hypothesis import strategies as st

from core.config.addresses import parse_allowed_redirect_uri
from core.domain.clients.redirect_policy import RedirectUri, is_allowed, parse_redirect_uri
from core.domain.errors import InvalidRedirectUri
from facade.headers import form_target
from tests.domain.clients.lookalikes import ALLOWED, GOOD, LOOKALIKES
from tests.fuzz.held import Property

_PIECES = st.sampled_from(
    [
        *("http", "https", "cursor", "javascript", "HTTP", "ht\ttp", "x"),
        *(":", "://", ":/", ":///", "//", "/", "\\", "@", "?", "#", ";", "&", "=", "%", ".", "..", "*", "[", "]"),
        *("localhost", "127.0.0.1", "[::1]", "127.1", "0x7f.1", "[::ffff:127.0.0.1]", "evil.example", "vscode.dev"),
        *("workbench.example.com", "app.example.com", "xn--lcalhost-54g", "l\u043ecalhost", "\uff0e", "\u2100"),
        *(":80", ":443", ":0", ":080", ":65536", ":", "%2f", "%2e%2e", "%252e", "%00", "%0d%0a", "%40", "..;"),
        *("/s/", "/callback", "/redirect", "code=1", "state", " ", "\t", "\r\n", "\x00", "\x7f", "a", "\u0315\u0300"),
    ]
)
_URIS = (
    st.lists(_PIECES, max_size=9).map("".join)
    | st.builds(
        lambda uri, place, piece: uri[: place % (len(uri) + 1)] + piece + uri[place % (len(uri) + 1) :],
        st.sampled_from([*GOOD, *LOOKALIKES]),
        st.integers(0, 200),
        _PIECES,
    )
    | st.text(max_size=40)
)


def _parse(text: str) -> RedirectUri | None:
    try:
        return parse_redirect_uri(text)
    except InvalidRedirectUri:
        return None


def _means_the_same_to_another_reader(text: str) -> None:
    uri = _parse(text)
    if uri is None:
        return
    other = httpx.URL(text)
    assert (other.scheme, other.userinfo, other.fragment) == (uri.scheme, b"", "")
    # It leaves out a default port.
    assert other.port in (uri.port, None)
    assert other.raw_host.decode().lower() == uri.host.strip("[]").lower()
    assert other.path == unquote(uri.path or "/")


def _leads_where_policy_allows(text: str) -> None:
    uri = _parse(text)
    if uri is None or not is_allowed(uri, ALLOWED):
        return
    here = any(text.startswith(f"http://{host}") for host in ("localhost", "127.0.0.1", "[::1]"))
    listed = text in ALLOWED or text.startswith("https://workbench.example.com/s/")
    assert listed or text in GOOD or (here and uri.host in ("localhost", "127.0.0.1", "[::1]"))


def _is_kept_but_for_its_port(text: str) -> None:
    uri = _parse(text)
    if uri is None:
        return
    kept = parse_redirect_uri(uri.kept)
    assert (kept.kept, kept.scheme, kept.host, kept.path) == (uri.kept, uri.scheme, uri.host, uri.path)
    assert uri.kept == text or (uri.loopback and uri.kept == text.replace(f":{uri.port}", "", 1))


def _adds_one_word_to_the_pages_policy(text: str) -> None:
    source = form_target(text)
    assert source.isascii()
    assert not set(source) & set(" ;,'\"\t\r\n*")


def _is_an_entry_of_the_setting_or_not(text: str) -> None:
    try:
        entry = parse_allowed_redirect_uri(text)
    except ValueError:
        return
    assert entry == text
    assert is_allowed(parse_redirect_uri(entry), [entry])


PROPERTIES = [
    Property("what is taken means the same to another reader", _URIS, _means_the_same_to_another_reader),
    Property("what is allowed is this machine or on the list", _URIS, _leads_where_policy_allows),
    Property("what is kept differs by its port alone", _URIS, _is_kept_but_for_its_port),
    Property("a page's policy gets one word or none", _URIS, _adds_one_word_to_the_pages_policy),
    Property("an entry of the setting allows itself", _URIS, _is_an_entry_of_the_setting_or_not),
]


@pytest.mark.parametrize("held", PROPERTIES, ids=lambda held: held.name)
def test_any_redirect_uri(held: Property) -> None:
    """Any text is refused, or is a URI about which readers agree and that leads where policy lets it."""
    held.check(100)


def test_the_properties_can_fail() -> None:
    """Good URIs are taken by the parser, so that the properties above look at something."""
    assert [text for text in GOOD if _parse(text) is None] == []
