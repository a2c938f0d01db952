"""The machine's own network: names to addresses, and connections to addresses."""

import socket
from collections.abc import Sequence
from typing import Protocol


class Network(Protocol):
    """What fetching needs of a network."""

    def resolve(self, host: str) -> Sequence[str]:
        """The addresses of a name, in the order to try them; takes as long as it takes. Raises OSError."""
        ...

    def connect(self, address: str, port: int, timeout: float) -> socket.socket:
        """A TCP connection to an address, within `timeout` seconds. Raises OSError."""
        ...


class SystemNetwork:
    """As the operating system does it: no proxy, whatever the environment says."""

    def resolve(self, host: str) -> Sequence[str]:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def connect(self, address: str, port: int, timeout: float) -> socket.socket:
        return socket.create_connection((address, port), timeout)
