"""A listener's threads: how many calls they have taken on and not yet ended, and which of them wait for a message."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Cancellable(Protocol):
    """A call, before its message has come."""

    def cancel(self) -> None:
        """End it; its caller is told CANCELLED."""

    def peer(self) -> str:
        """Who calls, as gRPC names addresses."""


@dataclass(frozen=True, slots=True)
class SilentCall:
    """A call that has a thread and not yet a message, or not yet another one."""

    pool: CountingPool
    #: Since when, in seconds of the monotonic clock.
    since: float
    call: Cancellable
    #: There were messages before.
    goes_on: bool = False

    def end(self) -> None:
        """Its caller is told CANCELLED. It may have ended this moment."""
        with suppress(Exception):
            self.call.cancel()


# By thread.
_silent: dict[int, SilentCall] = {}


def message_came() -> SilentCall | None:
    """Of the call that this thread has; what it was while it waited."""
    return _silent.pop(threading.get_ident(), None)


def await_message(before: SilentCall | None) -> None:
    """Another one of that call."""
    if before is not None:
        _silent[threading.get_ident()] = replace(before, since=monotonic(), goes_on=True)


def silent_calls() -> list[SilentCall]:
    """Of every pool of this process."""
    return list(_silent.values())


class CountingPool(ThreadPoolExecutor):
    """A thread pool that knows how much it has to do, waiting calls included."""

    def __init__(self, threads: int, name: str) -> None:
        super().__init__(threads, thread_name_prefix=name)
        self._counting = threading.Lock()
        self._in_flight = 0
        self._workers = threads

    @property
    def is_busy(self) -> bool:
        """Whether the next call has to wait for a thread."""
        return self._in_flight >= self._workers

    @property
    def in_flight(self) -> int:
        """Calls that wait for a thread or have one."""
        return self._in_flight

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        with self._counting:
            self._in_flight += 1
        try:
            future = super().submit(self._work, fn, args, kwargs)
        except BaseException:
            self._end(None)
            raise
        future.add_done_callback(self._end)
        return future

    def _work(self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        if (call := _call_of(args)) is not None:
            _silent[threading.get_ident()] = SilentCall(self, monotonic(), call)
        try:
            return fn(*args, **kwargs)
        finally:
            message_came()

    def _end(self, _: Future[Any] | None) -> None:
        with self._counting:
            self._in_flight -= 1


def _call_of(args: tuple[Any, ...]) -> Cancellable | None:
    """gRPC hands over the event that began a call, and what it will do with the message."""
    return next((arg.call for arg in args if hasattr(arg, "call_details")), None)
