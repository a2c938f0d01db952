"""Bytes of a connection that end when the time or the number of them is used up, however slowly they drip."""

import io
import socket
from time import monotonic
from typing import Any


class TooMuch(Exception):
    """More bytes came than anybody wants."""


class BoundedStream(io.RawIOBase):
    """What a socket receives."""

    def __init__(self, connection: socket.socket, until: float, most: int) -> None:
        """`until` is a moment of the monotonic clock; `most` in bytes."""
        self._connection = connection
        self._until = until
        self._left = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Raises TimeoutError, TooMuch, OSError."""
        remaining = self._until - monotonic()
        if remaining <= 0:
            raise TimeoutError
        self._connection.settimeout(remaining)
        received = self._connection.recv_into(buffer)
        self._left -= received
        if self._left < 0:
            raise TooMuch
        return received

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What http.client wants of a socket."""
        return io.BufferedReader(self)
