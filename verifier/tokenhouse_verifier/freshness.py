"""How old what the stream says is: told by when it was sent, not by when it arrived."""

import time
from functools import partial

#: In seconds; a clock that goes on while the machine sleeps, where there is one.
now = partial(time.clock_gettime, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))

#: How much two clocks may drift apart: what the estimate gives way, in seconds per second.
_DRIFT = 1e-3


class Freshness:
    """The core's clock as seen from here.

    The fastest message of a stream tells best how the two clocks differ. One that took longer is as old as it is: a
    heartbeat that a slow network or a process that was stopped delivers late makes nothing younger.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._noted_at = 0.0

    def restart(self) -> None:
        """Another stream, perhaps of another core."""
        self._offset = None

    def note(self, sent_at: float, received_at: float) -> float:
        """When the message was sent, on this process's clock: at `received_at`, or before. All in seconds."""
        offset = received_at - sent_at
        if self._offset is not None:
            offset = min(offset, self._offset + (received_at - self._noted_at) * _DRIFT)
        self._offset, self._noted_at = offset, received_at
        return sent_at + offset

    def here(self, core_time: float) -> float:
        """A time of the core's clock, in seconds since the epoch, on this process's clock.

        Raises:
            LookupError: no message has come.
        """
        if self._offset is None:
            raise LookupError("the core's clock is not known yet")
        return core_time + self._offset
