"""Letting in everybody who waits at the door.

The loop accepts one connection a turn. That is enough while turns are short; where there is too much to do one takes
tens of milliseconds, and whoever is new would wait for seconds to be told that the server is busy.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

from facade.tls import HANDSHAKE_TIMEOUT

#: Accepted in one go; the next turn goes on.
_AT_A_TIME = 64


class Accepting:
    """Those who wait at one listener. Belongs to one event loop."""

    def __init__(
        self,
        listener: socket.socket,
        new_connection: Callable[[], asyncio.Protocol],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`listener` does not block; `new_connection` makes the protocol of a connection."""
        self._listener = listener
        self._new_connection = new_connection
        self._tls: dict[str, Any] = {} if tls is None else {"ssl": tls, "ssl_handshake_timeout": HANDSHAKE_TIMEOUT}
        self._tasks: set[asyncio.Task[None]] = set()

    def accept_more(self) -> None:
        """Accept those who wait, when one has been accepted: there are likely to be more."""
        loop = asyncio.get_running_loop()
        for _ in range(_AT_A_TIME):
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                # Nobody waits, or there is no descriptor left, which the loop itself deals with.
                return
            accepted.setblocking(False)
            task = loop.create_task(self._connect(loop, accepted))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self, loop: asyncio.AbstractEventLoop, accepted: socket.socket) -> None:
        try:
            await loop.connect_accepted_socket(self._new_connection, accepted, **self._tls)
        except OSError:
            # Gone already, or it did not come to an agreement with us.
            accepted.close()
