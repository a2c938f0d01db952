"""Threads that take turns at what is due. One that is kept long in its turn is replaced meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")

#: A turn that takes longer is no longer counted on, in seconds.
_LONG = 0.1


class Turns(Generic[T]):
    """There are as many threads as are wanted, and one more for each that is kept."""

    def __init__(self, name: str, work: Callable[[T], None], threads: int) -> None:
        self._name = name
        self._work = work
        self._wanted = threads
        self._door = threading.Lock()
        self._due: SimpleQueue[T | None] = SimpleQueue()
        self._threads = 0
        #: When the turn of each thread that has one began, on the monotonic clock.
        self._begun: dict[int, float] = {}
        self._made = 0

    def put(self, item: T) -> None:
        """It is its turn, as soon as a thread is free."""
        self._due.put(item)

    def replace_kept(self) -> None:
        """To be called again and again: begin threads in the place of those that are kept."""
        with self._door:
            for _ in range(self._missing()):
                self._threads += 1
                self._made += 1
                threading.Thread(target=self._serve, name=f"{self._name}-{self._made}", daemon=True).start()

    def stop(self) -> None:
        """End every thread after its turn."""
        with self._door:
            self._wanted = 0
            for _ in range(self._threads):
                self._due.put(None)

    def _missing(self) -> int:
        kept = time.monotonic() - _LONG
        return self._wanted + sum(begun < kept for begun in list(self._begun.values())) - self._threads

    def _serve(self) -> None:
        own = threading.get_ident()
        while (item := self._due.get()) is not None:
            self._begun[own] = time.monotonic()
            self._work(item)
            del self._begun[own]
            with self._door:
                if self._wanted and self._missing() < 0:
                    break
        with self._door:
            self._threads -= 1
