"""What the facade is told, checked before it serves."""

import pytest

from facade.settings import Address, parse_address, parse_listen


@pytest.mark.parametrize(
    ("text", "expected", "origin"),
    [
        ("http://localhost:8080", Address("http", "localhost:8080", ""), "http://localhost:8080"),
        ("https://h.example/auth", Address("https", "h.example", "/auth"), "https://h.example"),
        ("https://H.example:443/a/b/", Address("https", "h.example", "/a/b"), "https://h.example"),
        ("http://[::1]:8080", Address("http", "[::1]:8080", ""), "http://[::1]:8080"),
    ],
)
def test_addresses(text: str, expected: Address, origin: str) -> None:
    """The origin is spelled as browsers spell it (RFC 6454 §6.2)."""
    assert parse_address(text) == expected
    assert parse_address(text).origin == origin


@pytest.mark.parametrize(
    "text",
    ["", "h.example", "ftp://h.example", "https://", "https://u@h.example", "https://h.example/?", "https://h.example/#",
     "https://h.example/a//b", "https://h.example/../a", "https://h.example/<a>", "https://h.example:x/"],
)  # fmt: skip
def test_bad_addresses(text: str) -> None:
    """RFC 8414 §2: an issuer has no query and no fragment; ours has plain path segments."""
    with pytest.raises(ValueError):
        parse_address(text)


def test_where_to_listen() -> None:
    """HOST:PORT, IPv6 in brackets."""
    assert parse_listen("127.0.0.1:80") == ("127.0.0.1", 80)
    assert parse_listen("[::1]:8080") == ("::1", 8080)
    for text in ("8080", ":8080", "h:", "h:x", "h:70000", "h:-1", "h:²"):
        with pytest.raises(ValueError):
            parse_listen(text)
