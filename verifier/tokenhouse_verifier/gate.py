"""Who is inside gRPC at this moment, so that a fork can wait until nobody is."""

import threading


class Gate:
    """Open but while a process is being forked."""

    def __init__(self) -> None:
        self._door = threading.Condition()
        self._inside = 0
        self._closed = False

    def enter(self, timeout: float) -> bool:
        """Go in, waiting so many seconds while it is closed; False when that was not enough. `leave` must follow."""
        with self._door:
            if self._closed and not self._door.wait_for(lambda: not self._closed, timeout):
                return False
            self._inside += 1
            return True

    def leave(self) -> None:
        """Go out."""
        with self._door:
            self._inside -= 1
            if self._closed:
                self._door.notify_all()

    def close(self, patience: float) -> None:
        """Let nobody in, and wait until everybody is out, for so many seconds at the most."""
        with self._door:
            self._closed = True
            self._door.wait_for(lambda: not self._inside, patience)

    def open(self) -> None:
        """Let everybody in again."""
        with self._door:
            self._closed = False
            self._door.notify_all()
