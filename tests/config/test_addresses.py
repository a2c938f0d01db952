"""Addresses: the public one, those to listen on, allowed redirect URIs, resources."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.addresses import (
    parse_allowed_redirect_uri,
    parse_listen_address,
    parse_page,
    parse_public_address,
    parse_resource,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("[::1]:8080", "[::1]:8080"),
        ("[0:0::1]:1", "[::1]:1"),
        ("localhost:65535", "localhost:65535"),
        ("0.0.0.0:80", "0.0.0.0:80"),
    ],
)
def test_listen_address(text: str, shown: str) -> None:
    """A listener is HOST:PORT, an IPv6 host in brackets (RFC 3986 §3.2.2)."""
    assert str(parse_listen_address(text)) == shown


@pytest.mark.parametrize(
    "text",
    ["", "8080", ":8080", "localhost", "localhost:0", "localhost:65536", "::1:80", "[::1]", "a b:1", "256.1.1.1:1"],
)
def test_refused_listen_address(text: str) -> None:
    """A listener without a host or with an impossible port is refused."""
    with pytest.raises(ValueError, match="HOST:PORT"):
        parse_listen_address(text)


@pytest.mark.parametrize(
    ("text", "issuer"),
    [
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://Auth.Example.COM/", "https://auth.example.com"),
        ("https://auth.example.com:443", "https://auth.example.com"),
        ("https://auth.example.com:8443/tokens/", "https://auth.example.com:8443/tokens"),
        ("http://localhost:80", "http://localhost"),
    ],
)
def test_public_address(text: str, issuer: str) -> None:
    """The issuer is the address as browsers write it, without a trailing slash (RFC 8414 §2, RFC 9207 §2.4)."""
    assert parse_public_address(text) == issuer


@pytest.mark.parametrize(
    "text",
    [
        "http://auth.example.com",
        "http://10.0.0.1:8080",
        "http://localhost.example.com",
        "ftp://localhost",
        "localhost:8080",
        "//localhost",
        "https://",
        "https://user:secret@auth.example.com",
        "https://auth.example.com/?a=b",
        "https://auth.example.com/?",
        "https://auth.example.com/#top",
        "https://auth.example.com/a/../b",
        "https://auth.example.com//a",
        "https://auth.example.com/%2e",
        "https://auth.example.com:0",
        "https://auth.example.com:99999",
        "https://auth.example.com:",
        "https://.example.com",
        "https://a b.example.com",
        "https://äuth.example.com",
        "https://999.1.1.1",
        "https://auth.example.com\\@evil.example",
    ],
)
def test_refused_public_address(text: str) -> None:
    """The public address is https, or http on this machine, and nothing but host, port and path (RFC 8414 §2)."""
    with pytest.raises(ValueError, match="URL") as caught:
        parse_public_address(text)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "https://workbench.example.com/",
        "https://myapp.example.com/callback",
        "https://myapp.example.com:8443/a/b?c=d",
        "https://myapp.example.com",
        "http://127.0.0.1:3000/callback",
        "http://[::1]/callback",
        "cursor://anysphere.cursor-mcp/oauth/callback",
    ],
)
def test_allowed_redirect_uri(text: str) -> None:
    """An entry is an absolute https, loopback or private-use URI, kept exactly (RFC 8252 §7)."""
    assert parse_allowed_redirect_uri(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "/callback",
        "workbench.example.com",
        "*.example.com",
        "https://*.example.com/",
        "https://example.com/*",
        "https://.example.com/",
        ".example.com",
        "http://workbench.example.com/",
        "https://user@example.com/",
        "https://example.com/#a",
        "https://example.com/a/../b",
        "https://example.com/a/%2E%2e/",
        "https://example.com/?next=/",
        "javascript://example.com/%0aalert(1)",
        "data://text/html",
        "https:///callback",
        "https://example.com:x/",
        "HTTPS://example.com/",
    ],
)
def test_refused_redirect_uri(text: str) -> None:
    """No suffix, wildcard, user, fragment, dot segment or dangerous scheme can be allowed (RFC 9700 §4.1.3)."""
    with pytest.raises(ValueError, match="absolute URI"):
        parse_allowed_redirect_uri(text)


@pytest.mark.parametrize(
    "text", ["https://mcp.example.com/mcp", "https://MCP.example.com", "http://localhost:9000/mcp"]
)
def test_resource(text: str) -> None:
    """A resource keeps its owner's spelling (RFC 8707 §2)."""
    assert parse_resource(text) == text


@pytest.mark.parametrize(
    "text", ["mcp", "http://mcp.example.com/mcp", "https://mcp.example.com/#a", "https://u@mcp.example.com/", "urn:mcp"]
)
def test_refused_resource(text: str) -> None:
    """A resource is an absolute https or loopback URI without a fragment (RFC 8707 §2)."""
    with pytest.raises(ValueError, match="RFC 8707"):
        parse_resource(text)


@pytest.mark.parametrize("text", ["https://docs.example.com/connect?a=b#c", "http://wiki.internal/tools"])
def test_page(text: str) -> None:
    """A page for people may be anywhere (RFC 8414 §2 "service_documentation")."""
    assert parse_page(text) == text


@pytest.mark.parametrize(
    "text", ["/connect", "javascript:alert(1)", "https://", "https://me:secret@example.com/", "a b"]
)
def test_refused_page(text: str) -> None:
    """No relative address, other scheme or secret gets into the metadata."""
    with pytest.raises(ValueError, match="absolute") as caught:
        parse_page(text)

    assert "secret" not in str(caught.value)


@given(st.text() | st.text(alphabet="https://.:[]@%#?*1a ").map("https://".__add__))
def test_any_text(text: str) -> None:
    """Whatever is written is taken or refused with a ValueError; an issuer that is taken is taken again unchanged."""
    for parse in (parse_allowed_redirect_uri, parse_page, parse_resource, parse_listen_address, parse_public_address):
        try:
            value = parse(text)
        except ValueError:
            continue
        assert parse(str(value)) == value
