"""Heads that two readers could understand differently are refused before anything reads them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.errors import Refusal
from facade.request_head import find_path, find_wishes, require_request_head


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: localhost:8080",
        b'GET /a?b=%20|{}^`" HTTP/1.1\r\nhost: a_b.example',
        b"POST http://h.example:80/oauth/v1/token?x HTTP/1.1\r\nHost: [::1]:8080\r\nContent-Length: 5 ",
        b"OPTIONS * HTTP/1.1\r\nHost:",
        b"GET / HTTP/1.0",
        b"GET / HTTP/1.1\r\nX-Name: na\xc3\xafve\t \r\nHost:h",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked",
    ],
)
def test_well_formed_heads_pass(head: bytes) -> None:
    """RFC 9112 §3.2: origin, absolute and asterisk form; §5: any printable value; HTTP/1.0 needs no Host."""
    require_request_head(head)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"nonsense",
        b"GET  / HTTP/1.1\r\nHost: h",
        b"GET / HTTP/2.0\r\nHost: h",
        b"GET / HTTP/1.1 \r\nHost: h",
        b"\x1b[31mGET / HTTP/1.1\r\nHost: h",
        b"GET /\x00 HTTP/1.1\r\nHost: h",
        b"GET /\x1b[31m HTTP/1.1\r\nHost: h",
        b"GET /\x7f HTTP/1.1\r\nHost: h",
        b"GET /\xc3\xa9 HTTP/1.1\r\nHost: h",
        b"GET /#fragment HTTP/1.1\r\nHost: h",
        b"GET nowhere HTTP/1.1\r\nHost: h",
        b"GET * HTTP/1.1\r\nHost: h",
        b"CONNECT h:443 HTTP/1.1\r\nHost: h",
        b"GET http://[bad/ HTTP/1.1\r\nHost: h",
        b"GET http://user@h/ HTTP/1.1\r\nHost: h",
    ],
)
def test_malformed_request_lines_are_refused(head: bytes) -> None:
    """RFC 9112 §3: an invalid request line is 400, not repaired."""
    with pytest.raises(Refusal) as refused:
        require_request_head(head)
    assert refused.value.reason == "INVALID_REQUEST"


@pytest.mark.parametrize(
    "fields",
    [
        b"Host: h\r\nContent-Length : 5",
        b"Host: h\r\nTransfer-Encoding : chunked",
        b"Host: h\r\nTransfer-Encoding\t: chunked",
        b"Host: h\r\nno colon",
        b"Host: h\r\n: no name",
        b"Host: h\r\nX: a\r\n folded",
        b"Host: h\r\nX: a\nContent-Length: 5",
        b"Host: h\r\nX: a\rb",
        b"Host: h\r\nX: \x00",
        b"Host: h\r\nX\x00: a",
        b"Host: h\r\n\xc4\xb0: a",
    ],
)
def test_malformed_fields_are_refused(fields: bytes) -> None:
    """RFC 9112 §5.1: no space before the colon; §5.2: no folding; RFC 9110 §5.5: no control characters."""
    with pytest.raises(Refusal):
        require_request_head(b"POST / HTTP/1.1\r\n" + fields)


@pytest.mark.parametrize(
    "fields",
    [b"", b"\r\nHost: a\r\nHost: a", b"\r\nHost: a\r\nhost:", b"\r\nHost: a b", b"\r\nHost: a/b", b"\r\nHost: @"],
)
def test_one_host_is_named(fields: bytes) -> None:
    """RFC 9112 §3.2: a Host that is missing, repeated or malformed is 400."""
    with pytest.raises(Refusal):
        require_request_head(b"GET / HTTP/1.1" + fields)


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 5\r\nContent-Length: 5",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: identity",
        b"Transfer-Encoding: \x0bchunked",
        b"Content-Length: +5",
        b"Content-Length: 5, 5",
        b"Content-Length: 0x5",
        b"Content-Length: \xd9\xa3",
        b"Content-Length:",
    ],
)
def test_a_length_is_stated_once_and_plainly(fields: bytes) -> None:
    """RFC 9112 §6.3: where readers could differ about a message's end there is no message."""
    with pytest.raises(Refusal):
        require_request_head(b"POST / HTTP/1.1\r\nHost: h\r\n" + fields)


@pytest.mark.parametrize(
    "fields",
    [
        b"Authorization: Basic eDp5\r\nAuthorization: Basic eDp5",
        b"Authorization: Basic eDp5\r\nauthorization:",
        b"Content-Type: application/x-www-form-urlencoded\r\nX: y\r\nCONTENT-TYPE: application/json",
    ],
)
def test_who_asks_and_in_what_form_is_said_once(fields: bytes) -> None:
    """RFC 9110 §5.3, §8.3, §11.6.2: a proxy that reads the last one would let pass what is read here as the first."""
    with pytest.raises(Refusal) as refused:
        require_request_head(b"POST / HTTP/1.1\r\nHost: h\r\n" + fields)
    assert refused.value.reason == "INVALID_REQUEST"


def test_http_1_0_has_no_chunks() -> None:
    """RFC 9112 §6.1: Transfer-Encoding in HTTP/1.0 is faulty framing."""
    with pytest.raises(Refusal):
        require_request_head(b"POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked")


@pytest.mark.parametrize(
    ("beginning", "path"),
    [
        (b"GET /oauth/v1/authorize?state=secret\x00", "/oauth/v1/authorize"),
        (b"GET /a HTTP/1.1", "/a"),
        (b"GET /a\x00?b", "*"),
        (b"GET http://h/a?b", "*"),
        (b"GET /" + b"a" * 300 + b" ", "*"),
        (b"GET /a", "*"),
        (b"", "*"),
    ],
)
def test_what_is_left_of_a_bad_request_is_its_path(beginning: bytes, path: str) -> None:
    """A path tells how to word the refusal; a query string may hold a secret and is never kept."""
    assert find_path(beginning) == path


@pytest.mark.parametrize(
    ("fields", "wishes"),
    [
        (b"Accept: text/html\r\nCookie: secret", [("accept", "text/html")]),
        (b"accept-language:de \r\nACCEPT:\ta/b", [("accept-language", "de"), ("accept", "a/b")]),
        (b"Accept: a\x00b", []),
        (b"Accept: " + b"a" * 600, []),
        (b"X-Accept: text/html", []),
        (b"X: y\r\n\r\nbody\r\nAccept: text/html", []),
    ],
)
def test_of_a_bad_request_is_known_how_it_wants_to_be_refused(fields: bytes, wishes: list[tuple[str, str]]) -> None:
    """RFC 9110 §12.5.1, §12.5.4: of a head that nobody could read these two fields are looked for, and nothing else."""
    assert [*find_wishes(b"GET /\x00 HTTP/1.1\r\nHost: h\r\n" + fields)] == wishes


@given(st.binary(max_size=200))
def test_any_bytes_are_taken_or_refused(head: bytes) -> None:
    """Nothing else is ever raised, whatever is sent."""
    for each in (head, b"GET / HTTP/1.1\r\nHost: h\r\n" + head):
        with suppress(Refusal):
            require_request_head(each)
        assert find_path(each).isprintable()
        assert all(value.isascii() for _, value in find_wishes(each))
