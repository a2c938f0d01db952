"""One connection: whole requests take a shorter way, and nobody can tell."""

import re
import socket

import httpx
import pytest

from tests.facade.pair import Pair
from tests.facade.raw import exchange, split_reply
from tests.patience import PATIENCE
from tests.plain_http import NOBODY

_FORM = "Content-Type: application/x-www-form-urlencoded"
_LAST = b"GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


def _request(line: str, *fields: str, body: str = "") -> bytes:
    lines = [f"{line} HTTP/1.1", "Host: h", *fields, *([f"Content-Length: {len(body)}"] if body else [])]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


_METADATA = "/.well-known/oauth-authorization-server"
_REQUESTS = [
    _request(f"GET {_METADATA}"),
    _request(f"HEAD {_METADATA}"),
    _request(f"GET {_METADATA}", "If-None-Match: *"),
    _request(f"OPTIONS {_METADATA}", "Origin: https://app.example"),
    _request(f"DELETE {_METADATA}"),
    _request("GET /oauth/v1/jwks"),
    _request("POST /oauth/v1/token", _FORM, body="grant_type=refresh_token&client_id=a&refresh_token=b"),
    _request("POST /oauth/v1/token", _FORM, body="grant_type=password"),
    _request("POST /oauth/v1/token?a=b", _FORM, body="grant_type=refresh_token"),
    _request("POST /oauth/v1/token", "Content-Type: application/json", body="{}"),
    _request("POST /oauth/v1/token", _FORM, "Authorization: Basic !", body="grant_type=refresh_token"),
    _request("GET /oauth/v1/token"),
    _request("POST /oauth/v1/register", "Content-Type: application/json", body="[]"),
    _request("POST /oauth/v1/revoke", _FORM, body="token=x&client_id=y"),
    _request("GET /oauth/v1/authorize?client_id=nobody"),
    _request("GET /livez"),
    _request("HEAD /livez"),
]


@pytest.mark.parametrize("request_bytes", _REQUESTS, ids=lambda each: each.split(b" HTTP")[0].decode())
def test_both_ways_give_the_same_reply(pair: Pair, request_bytes: bytes) -> None:
    """RFC 9112 §9.3: a request alone in its segment and one with another behind it are answered alike."""
    closing = request_bytes.replace(b"Host: h\r\n", b"Host: h\r\nConnection: close\r\n", 1)
    alone = _without_number(exchange(pair, closing))
    together = _without_number(exchange(pair, request_bytes + _LAST))
    head, _, rest = alone.partition(b"\r\n\r\n")

    assert together.startswith(head.replace(b"connection: close", b"connection: keep-alive") + b"\r\n\r\n" + rest)
    assert split_reply(together[len(alone) + len("keep-alive") - len("close") :])[0] == 200


def test_a_head_that_was_read_before_says_nothing_of_the_body(pair: Pair) -> None:
    """The same head again, with a body of the same length: each is answered for its own, in its own turn."""
    bodies = ["grant_type=password", "grant_type=&aaaaaaa", "grant_type=password"]
    with socket.create_connection(("127.0.0.1", pair.port), timeout=PATIENCE) as connection:
        found = [_ask(connection, _request("POST /oauth/v1/token", _FORM, body=body)) for body in bodies]
    assert [b'"error": "%s"' % error in reply for error, reply in zip(_ERRORS, found, strict=True)] == [True] * 3


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("POST /oauth/v1/token", "Content-Type: application/x-www-form-urlencodee"),
        ("POST /oauth/v1/token", "Content-Typf: application/x-www-form-urlencoded"),
        ("POST /oauth/v1/revok", _FORM),
    ],
    ids=["value", "name", "path"],
)
def test_a_head_that_differs_by_a_letter_is_read(pair: Pair, line: str, field: str) -> None:
    """RFC 9112 §2: what a request says is what stands in it, whatever came before it on the connection."""
    body = "grant_type=password"
    first, second = _request("POST /oauth/v1/token", _FORM, body=body), _request(line, field, body=body)
    assert len(first) == len(second)
    with socket.create_connection(("127.0.0.1", pair.port), timeout=PATIENCE) as connection:
        assert b"unsupported_grant_type" in _ask(connection, first)
        assert b"unsupported_grant_type" not in _ask(connection, second)


_ERRORS = [b"unsupported_grant_type", b"invalid_request", b"unsupported_grant_type"]


def _ask(connection: socket.socket, request: bytes) -> bytes:
    """The reply on a connection that stays open."""
    connection.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    [length] = map(int, re.findall(rb"content-length: ([0-9]+)", head))
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def _without_number(replies: bytes) -> bytes:
    """Each request has a number of its own, and error pages show it."""
    return re.sub(rb'(<p class="detail">)[0-9a-f]{12}(</p>)', rb"\1\2", replies)


def test_replies_come_in_the_order_of_the_requests(pair: Pair) -> None:
    """RFC 9112 §9.3.2: what comes while a request waits for the core is answered after it, and nothing twice."""
    first = _request("POST /oauth/v1/token", _FORM, body="grant_type=refresh_token&client_id=a&refresh_token=b")
    pair.hold_core()
    try:
        with socket.create_connection(("127.0.0.1", pair.port), timeout=PATIENCE) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(first)
            # Whole round trips of another connection: by then the first request has been read.
            for _ in range(2):
                assert httpx.get(f"{pair.base}/livez", timeout=PATIENCE, verify=NOBODY).status_code == 200
            connection.sendall(_request("GET /nowhere"))
            connection.sendall(_LAST)
            pair.release_core()
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
    finally:
        pair.release_core()

    statuses = [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]
    # Where the machine was too busy for the core's answer to come in time, the first one is "later".
    assert statuses in ([401, 404, 200], [503, 404, 200])


def test_a_body_is_never_taken_for_a_request(pair: Pair) -> None:
    """RFC 9112 §11.2: a body that comes in a segment of its own and looks like a request is a body."""
    body = _request("GET /livez")
    with socket.create_connection(("127.0.0.1", pair.port), timeout=PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(_request("POST /oauth/v1/token", _FORM, f"Content-Length: {len(body)}", "Connection: close"))
        for _ in range(2):
            assert httpx.get(f"{pair.base}/livez", timeout=PATIENCE, verify=NOBODY).status_code == 200
        connection.sendall(body)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk

    assert received.count(b"HTTP/1.1 ") == 1
    assert received.startswith(b"HTTP/1.1 400 ")
