"""A listener's threads, and how many calls they have taken on and not yet ended."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class CountingPool(ThreadPoolExecutor):
    """A thread pool that knows how much it has to do, waiting calls included."""

    def __init__(self, threads: int, name: str) -> None:
        super().__init__(threads, thread_name_prefix=name)
        self._counting = threading.Lock()
        self._in_flight = 0

    @property
    def in_flight(self) -> int:
        """Calls that wait for a thread or have one."""
        return self._in_flight

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        with self._counting:
            self._in_flight += 1
        try:
            future = super().submit(fn, *args, **kwargs)
        except BaseException:
            self._end(None)
            raise
        future.add_done_callback(self._end)
        return future

    def _end(self, _: Future[Any] | None) -> None:
        with self._counting:
            self._in_flight -= 1
