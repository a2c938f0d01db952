"""A listener's threads: how many calls they have taken on and not yet ended, and which of them wait for a message.

Where more is asked than can be done, calls lie in gRPC until their deadlines have passed or nearly so. Each costs as
much as one that is answered in time, and soon there are no others. So a call that cannot be in time is not begun;
gRPC has told its caller DEADLINE_EXCEEDED, or will.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Protocol, TypeVar

from core.rpc.deadlines import passes_within

T = TypeVar("T")

#: Of how many calls the wait is the mean, more or less.
_CALLS = 16
#: How much of it is reckoned with, in seconds: after a standstill it says little of the next call.
_RECKONED = 0.25


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
        #: How long calls have waited for a thread lately, in seconds.
        self._wait = 0.0
        #: Told the method of each call that is not begun.
        self.too_late: Callable[[str], None] = _tell_nobody

    @property
    def is_busy(self) -> bool:
        """Whether the next call has to wait for a thread."""
        return self._in_flight >= self._workers

    @property
    def in_flight(self) -> int:
        """Calls that wait for a thread or have one."""
        return self._in_flight

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        event = _event_of(args)
        if event is not None and self._comes_too_late(event, min(self._wait, _RECKONED) if self.is_busy else 0.0):
            return _nothing()
        with self._counting:
            self._in_flight += 1
        try:
            future: Future[Any] = super().submit(self._work, event, monotonic(), fn, args, kwargs)
        except BaseException:
            self._end(None)
            raise
        future.add_done_callback(self._end)
        return future

    def _work(
        self, event: Any, submitted: float, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> T | None:
        if event is not None:
            now = monotonic()
            self._wait += (now - submitted - self._wait) / _CALLS
            if self._comes_too_late(event, 0.0):
                return None
            _silent[threading.get_ident()] = SilentCall(self, now, event.call)
        try:
            return fn(*args, **kwargs)
        finally:
            message_came()

    def _comes_too_late(self, event: Any, wait: float) -> bool:
        details = event.call_details
        late = passes_within(details.deadline, wait)
        if late:
            self.too_late(details.method.decode())
        return late

    def _end(self, _: Future[Any] | None) -> None:
        with self._counting:
            self._in_flight -= 1


def _event_of(args: tuple[Any, ...]) -> Any:
    """gRPC hands over the event that began a call, and what it will do with the message."""
    return next((arg for arg in args if hasattr(arg, "call_details")), None)


def _nothing() -> Future[Any]:
    done: Future[Any] = Future()
    done.set_result(None)
    return done


def _tell_nobody(_method: str) -> None:
    """The default."""
