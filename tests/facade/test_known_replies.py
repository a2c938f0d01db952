"""A document that is asked for again with the same bytes: the reply is looked up, and nobody can tell."""

import re
import signal
import socket
from pathlib import Path
from time import monotonic

import pytest

from tests.facade.pair import Pair
from tests.facade.raw import split_reply
from tests.facade.test_serving import wait_for_line

_METADATA = "/.well-known/oauth-authorization-server"


def _request(method: str, path: str, *fields: str) -> bytes:
    return ("\r\n".join([f"{method} {path} HTTP/1.1", "Host: h", *fields]) + "\r\n\r\n").encode()


def _ask(connection: socket.socket, request: bytes) -> bytes:
    """The reply's head and as much of a body as its length says."""
    connection.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received:
        received += _receive(connection)
    _, headers, body = split_reply(received)
    length = 0 if request.startswith(b"HEAD") else int(headers.get("content-length", 0))
    while len(body) < length:
        more = _receive(connection)
        body, received = body + more, received + more
    return received


def _receive(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    assert received, "closed"
    return received


@pytest.mark.parametrize("path", [_METADATA, "/oauth/v1/jwks"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("field", ["Accept: */*", "If-None-Match: *", 'If-None-Match: "another"'])
def test_asked_twice_answered_alike(pair: Pair, path: str, method: str, field: str) -> None:
    """RFC 9110 §9.3.1: the same request gets the same reply, on the same connection and on another one."""
    request = _request(method, path, field)
    with socket.create_connection(("127.0.0.1", pair.port), 10) as one:
        first, second = _ask(one, request), _ask(one, request)
    with socket.create_connection(("127.0.0.1", pair.port), 10) as another:
        assert first == second == _ask(another, request)


def test_each_is_in_the_log(pair: Pair) -> None:
    """Every request leaves one line with a number of its own, looked up or not."""
    line, before = r"GET /oauth/v1/jwks 200 correlation_id=(\S+)", len(pair.facade_log.read_text().splitlines())
    with socket.create_connection(("127.0.0.1", pair.port), 10) as connection:
        for _ in range(3):
            _ask(connection, _request("GET", "/oauth/v1/jwks", "Accept: application/json"))
    pair.client.get("/livez", headers={"User-Agent": "the last request"})
    wait_for_line(pair, "GET /livez", after=before)
    numbers = re.findall(line, "\n".join(pair.facade_log.read_text().splitlines()[before:]))

    assert len(set(numbers)) == len(numbers) == 3


def test_what_changed_is_seen(tmp_path: Path) -> None:
    """RFC 8414 §3: a looked-up reply ends with what it was made of, as when OAuth clients are switched off."""
    request = _request("GET", _METADATA)
    with Pair(tmp_path) as pair, socket.create_connection(("127.0.0.1", pair.port), 10) as connection:
        assert split_reply(_ask(connection, request))[0] == split_reply(_ask(connection, request))[0] == 200
        config = pair.folder / "t.conf"
        config.write_text(config.read_text().replace("[Grpc]", "OAuthClientsEnabled = false\n[Grpc]"))
        pair.core.send_signal(signal.SIGHUP)
        deadline = monotonic() + 30
        while split_reply(_ask(connection, request))[0] == 200:
            assert monotonic() < deadline

        assert split_reply(_ask(connection, request))[0] == 404


def test_another_request_is_another_reply(pair: Pair) -> None:
    """RFC 9112 §3.2: one byte more or less is read anew, and refused where it has to be."""
    with socket.create_connection(("127.0.0.1", pair.port), 10) as connection:
        assert split_reply(_ask(connection, _request("GET", _METADATA)))[0] == 200
        assert split_reply(_ask(connection, _request("GET", _METADATA + "x")))[0] == 404
        assert split_reply(_ask(connection, _request("GET", _METADATA, "Content-Length : 0")))[0] == 400
