"""gRPC's own threads, which end a moment after the calls they serve: a fork waits for them as it does for ours.

A lock of a call that one of them holds when the process is forked is held in the child for ever, and whoever collects
the garbage there, the end of the process included, waits for it.
"""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

M = TypeVar("M")

#: How the library's threads are named, after a function of its own.
_NAME = "(_run)"
#: How long one of that name is waited for that may be somebody else's, in seconds.
_MOMENT = 0.2


class Call(Protocol):
    """A call that is served by threads of gRPC's: every one that is a stream or a future."""

    def add_done_callback(self, fn: Callable[[object], None]) -> None:
        """Have its end told."""
        ...


class GrpcThreads:
    """Those of one channel. Any thread may use it."""

    def __init__(self) -> None:
        self._door = threading.Condition()
        self._calls = 0
        #: Watched streams whose messages nobody has begun to take; less than none while one is not watched yet.
        self._untaken = 0
        self._threads: set[threading.Thread] = set()
        #: A call had ended before it was watched, so by which thread it was told nobody.
        self._missed = False

    def watch(self, call: Call, *, requests: bool = False) -> None:
        """A call that has just begun, and that nobody has ended yet; with `requests` or without."""
        asker = threading.current_thread()

        def ended(_: object) -> None:
            with self._door:
                self._calls -= 1
                self._door.notify_all()
                if threading.current_thread() is asker:
                    self._missed = True
                else:
                    self._note()

        with self._door:
            self._calls += 1
            self._untaken += requests
        call.add_done_callback(ended)

    def requests(self, messages: Iterator[M]) -> Iterator[M]:
        """The messages of a stream, for gRPC, which takes them in a thread of their own; nobody else may."""
        with self._door:
            self._note()
            self._untaken -= 1
            self._door.notify_all()
        yield from messages

    def wait_for_end(self, deadline: float) -> None:
        """Wait until none runs, to this moment of the monotonic clock at the most; the calls have been ended."""
        with self._door:
            self._door.wait_for(lambda: not self._calls and self._untaken <= 0, _left(deadline))
            threads, missed, self._missed = list(self._threads), self._missed, False
        for thread in threads:
            thread.join(_left(deadline))
        if missed:
            for thread in threading.enumerate():
                if thread.name.endswith(_NAME) and thread is not threading.current_thread():
                    thread.join(min(_MOMENT, _left(deadline)))

    def _note(self) -> None:
        self._threads = {thread for thread in self._threads if thread.is_alive()} | {threading.current_thread()}


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0)
