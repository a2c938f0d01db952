"""URLs that browsers are sent to carry every value exactly, and nothing else."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenhouse.v1.authorization_pb2 import AuthorizationResponse
from tokenhouse.v1.parameter_pb2 import Parameter

from facade.errors import Refusal
from facade.redirects import client_redirect, encode_parameters

_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def response(redirect_uri: str, **parameters: str) -> AuthorizationResponse:
    """An answer of the core."""
    each = [Parameter(name=name, value=value) for name, value in parameters.items()]
    return AuthorizationResponse(redirect_uri=redirect_uri, parameters=each)


@given(_text)
def test_state_comes_back_byte_for_byte(state: str) -> None:
    """RFC 6749 §4.1.2: state is the exact value received; the URL is plain ASCII whatever it was."""
    url = client_redirect(response("https://a.example/cb?x=1", code="c", state=state))

    assert parse_qs(urlsplit(url).query) == {"x": ["1"], "code": ["c"], "state": [state]}
    assert url.isascii()
    assert url.isprintable()


@given(st.lists(st.tuples(_text, _text), min_size=1))
def test_our_own_urls_carry_every_parameter(pairs: list[tuple[str, str]]) -> None:
    """After login the authorization request is the same one, in the same order."""
    query = encode_parameters(Parameter(name=name, value=value) for name, value in pairs)
    expected: dict[str, list[str]] = {}
    for name, value in pairs:
        expected.setdefault(name, []).append(value)

    assert parse_qs(urlsplit(f"/oauth/v1/authorize?{query}").query, strict_parsing=True) == expected


@pytest.mark.parametrize(
    ("redirect_uri", "expected"),
    [
        ("https://a.example/cb", "https://a.example/cb?code=c"),
        ("https://a.example/cb?", "https://a.example/cb?code=c"),
        ("https://a.example/cb?x=1", "https://a.example/cb?x=1&code=c"),
        ("https://a.example/cb?x=1&", "https://a.example/cb?x=1&code=c"),
        ("https://a.example/cb?x=%2F%20", "https://a.example/cb?x=%2F%20&code=c"),
        ("http://[::1]:7777/", "http://[::1]:7777/?code=c"),
        ("cursor://anysphere.cursor-mcp/oauth/callback", "cursor://anysphere.cursor-mcp/oauth/callback?code=c"),
        ("com.example.app:/cb", "com.example.app:/cb?code=c"),
    ],
)
def test_the_redirect_uri_keeps_its_own_query(redirect_uri: str, expected: str) -> None:
    """RFC 6749 §3.1.2: a query of the redirect URI is retained, and no part of the URI is written anew."""
    assert client_redirect(response(redirect_uri, code="c")) == expected


@pytest.mark.parametrize(
    "redirect_uri", ["https://a.example/\r\nX: y", "https://a.example/#x", "https://ä.example/", "", "a b"]
)
def test_what_is_no_plain_uri_is_never_a_location(redirect_uri: str) -> None:
    """A line break, a fragment or text beyond ASCII ends on a page, whoever let it through before."""
    with pytest.raises(Refusal, match="INVALID_REDIRECT_URI"):
        client_redirect(response(redirect_uri, code="c"))
