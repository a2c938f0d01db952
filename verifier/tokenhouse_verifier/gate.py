"""Who is inside gRPC at this moment, so that a fork can wait until nobody is."""

import threading
import time
from collections.abc import Callable


class Gate:
    """Open but while a process is being forked."""

    def __init__(self) -> None:
        self._door = threading.Condition()
        self._inside = 0
        self._closed = False
        self._told_when_open: list[Callable[[], None]] = []

    def enter(self, timeout: float) -> bool:
        """Go in, waiting so many seconds while it is closed; False when that was not enough. `leave` must follow."""
        with self._door:
            if self._closed and not self._door.wait_for(lambda: not self._closed, timeout):
                return False
            self._inside += 1
            return True

    def enter_now(self, when_open: Callable[[], None]) -> bool:
        """`enter` for those who must not wait: False while it is closed; then `when_open` is called, by any thread."""
        with self._door:
            if self._closed:
                self._told_when_open.append(when_open)
                return False
            self._inside += 1
            return True

    def leave(self) -> None:
        """Go out."""
        with self._door:
            self._inside -= 1
            if self._closed:
                self._door.notify_all()

    def close(self) -> None:
        """Let nobody in."""
        with self._door:
            self._closed = True

    def wait_until_empty(self, deadline: float) -> None:
        """Wait until everybody is out of the closed gate, to this moment of the monotonic clock at the most."""
        with self._door:
            self._door.wait_for(lambda: self._inside <= 0, max(deadline - time.monotonic(), 0))

    def open(self) -> None:
        """Let everybody in again."""
        with self._door:
            self._closed = False
            self._door.notify_all()
            told, self._told_when_open = self._told_when_open, []
        for tell in told:
            tell()
