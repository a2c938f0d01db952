"""A thread for what is done off the way of any request, from a start to a stop."""

import threading
from collections.abc import Callable


class Background:
    """Begins once, and ends after the step in progress."""

    def __init__(self, name: str, run: Callable[[threading.Event], None]) -> None:
        """`run` goes on until the event is set."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=run, args=(self._stopping,), name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float | None = None, wake: Callable[[], None] = lambda: None) -> bool:
        """Tell it to end, `wake` it where it sleeps, and wait until it has, for `timeout` seconds at the most; False
        where it never began."""
        self._stopping.set()
        wake()
        if not self._thread.is_alive():
            return False
        self._thread.join(timeout)
        return True
