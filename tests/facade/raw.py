"""Requests byte for byte; the tidy clients would mend them."""

import socket

from tests.facade.pair import Pair
from tests.patience import PATIENCE


def exchange(pair: Pair, sent: bytes) -> bytes:
    """Sends the bytes and gives everything that comes back until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", pair.port), timeout=PATIENCE) as connection:
        connection.sendall(sent)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


def split_reply(reply: bytes) -> tuple[int, dict[str, str], bytes]:
    """A reply's status, its headers in lower case, and all that follows."""
    top, _, body = reply.partition(b"\r\n\r\n")
    status, *lines = top.decode("latin-1").split("\r\n")
    return int(status.split(" ")[1]), dict(line.lower().split(": ", 1) for line in lines), body
