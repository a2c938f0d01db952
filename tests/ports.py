"""TCP ports for the servers that tests start: nobody is given another one's."""

import socket
import threading
import time
from collections.abc import Iterator
from functools import cache
from itertools import cycle

from tests.patience import PATIENCE

#: Below 32768, where Linux takes ports for outgoing connections from, and above 10080, the last that browsers refuse
#: to open (WHATWG Fetch, "port blocking").
_BLOCKS = range(10_100, 30_000, 100)
#: Two threads side by side would claim a block each, and let go of the one whose port has been given already.
_GIVING = threading.Lock()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on, and that is this process's to give. Any thread may ask."""
    with _GIVING:
        _, ports = _claim_block()
        return next(port for port in ports if _is_free(port))


def wait_until_listening(port: int) -> None:
    """Returns once somebody takes connections at this port of 127.0.0.1."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), PATIENCE).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, f"nobody listens at port {port}"
            time.sleep(0.02)


@cache
def _claim_block() -> tuple[socket.socket, Iterator[int]]:
    """A hundred ports, claimed by holding the UDP port of the first; the kernel lets go when the process ends."""
    for first in _BLOCKS:
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", first))
        except OSError:
            claim.close()
            continue
        return claim, cycle(range(first, first + _BLOCKS.step))
    raise RuntimeError("every block of ports is taken")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
