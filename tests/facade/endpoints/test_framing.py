"""Messages that a proxy may read in another way than this server, sent byte for byte."""

import socket

import pytest

from tests.facade.pair import Pair
from tests.facade.raw import exchange, split_reply
from tests.facade.test_serving import wait_for_line
from tests.patience import PATIENCE

_FORM = b"POST /oauth/v1/token HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n"
_CHUNKED = _FORM + b"Transfer-Encoding: chunked\r\n\r\n"
_HIDDEN = b"GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
_LAST = b"0\r\n\r\n"


@pytest.mark.parametrize(
    "refused",
    [
        _FORM + b"Content-Length : %d\r\n\r\n" % len(_HIDDEN),
        _FORM + b"Transfer-Encoding : chunked\r\n\r\n",
        _FORM + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        _FORM.replace(b"1.1", b"1.0") + b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + _LAST,
        _FORM.replace(b"Host: h\r\n", b"") + b"\r\n",
        _FORM + b"Host: h\r\n\r\n",
        *(
            _CHUNKED + size + b"\r\na=b\r\n" + _LAST
            for size in (b"0x3", b" 3", b"3 ", b"\t3", b"3\x0b", b"+3", b"\xd9\xa3")
        ),
        _CHUNKED + b"3\r\na=bXX" + _LAST,
        _CHUNKED + b"3\na=b\r\n" + _LAST,
        _CHUNKED + b"3;" + b"x" * 300 + b"\r\na=b\r\n" + _LAST,
    ],
)
def test_nothing_is_answered_behind_a_malformed_message(pair: Pair, refused: bytes) -> None:
    """RFC 9112 §5.1, §6.3, §7.1, §11.2: one 400, then the connection is closed and the next bytes are no request."""
    status, headers, body = split_reply(exchange(pair, refused + _HIDDEN))

    assert (status, headers["connection"]) == (400, "close")
    assert b"HTTP/1.1 " not in body


def test_chunks_are_read(pair: Pair) -> None:
    """RFC 9112 §7.1: proxies that do not know a body's length yet send chunks; the next request follows them."""
    chunks = b"B\r\ngrant_type=\r\n1;a=b\r\nx\r\n" + _LAST
    status, _, body = split_reply(exchange(pair, _CHUNKED + chunks + _HIDDEN))

    assert (status, b"unsupported_grant_type" in body) == (400, True)
    assert body.count(b"HTTP/1.1 200 OK") == 1


def test_chunks_are_asked_for(pair: Pair) -> None:
    """RFC 9110 §10.1.1: whoever waits for 100 before the first chunk gets it."""
    with socket.create_connection(("127.0.0.1", pair.port), timeout=PATIENCE) as connection:
        connection.sendall(_CHUNKED.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"3\r\na=b\r\n" + _LAST)

        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "line",
    [
        b"GET /oauth/v1/authorize?state=canary-secret\x00 HTTP/1.1",
        b"GET /oauth/v1/authorize?state=canary-secret\x1b[31m HTTP/1.1",
        b"GET /canary-secret\x01 HTTP/1.1",
        b"GET http://[bad/?x=canary-secret HTTP/1.1",
        b"GET http://h:99999/?x=canary-secret HTTP/1.1",
        b"GET canary-secret HTTP/1.1",
        b"\x1b[31mGET /oauth/v1/authorize?canary-secret HTTP/1.1",
        b"PO\x1b[31mST /oauth/v1/authorize?canary-secret HTTP/1.1",
    ],
)
def test_a_malformed_request_line_is_one_line_without_the_url(pair: Pair, line: bytes) -> None:
    """400, and of what was sent the log gets no secret, no control character (CWE-150) and no traceback."""
    before = _lines(pair)
    status, _, body = split_reply(exchange(pair, line + b"\r\nHost: h\r\n\r\n"))
    written = _lines(pair)[len(before) : -1]

    assert (status, b"canary-secret" in body) == (400, False)
    assert len(written) == 1
    assert " 400 " in written[0]
    assert "canary-secret" not in written[0]
    assert written[0].isprintable()


def _lines(pair: Pair) -> list[str]:
    """The log up to a request that is sent now: lines follow their replies, in order."""
    before = len(pair.facade_log.read_text().splitlines())
    pair.client.get("/livez")
    wait_for_line(pair, "GET /livez", after=before)
    return pair.facade_log.read_text().splitlines()


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/oauth/v1/authorize", "text/html"), ("/oauth/v1/token", "application/json"), ("/x", "text/plain")],
)
def test_what_is_too_long_is_refused_in_the_form_of_its_endpoint(pair: Pair, path: str, kind: str) -> None:
    """RFC 9110 §15.5.15 and RFC 6585 §5: 414 for the URL, 431 for the fields; people get a page, clients JSON."""
    url = f"GET {path}?state={'a' * 40_000} HTTP/1.1\r\nHost: h\r\n\r\n".encode()
    fields = f"GET {path} HTTP/1.1\r\nHost: h\r\nCookie: {'a' * 40_000}\r\n\r\n".encode()
    for sent, expected in ((url, 414), (fields, 431)):
        status, headers, _ = split_reply(exchange(pair, sent))

        assert (status, headers["content-type"].split(";")[0]) == (expected, kind)
