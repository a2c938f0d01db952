"""What time it is: the start's wall clock plus the monotonic clock, so a jump of the wall clock moves nothing."""

import time
from typing import Protocol


class Clock(Protocol):
    """The only source of time in the domain."""

    def now(self) -> int:
        """Seconds since the epoch, never going backwards."""
        ...

    def now_ms(self) -> int:
        """Milliseconds since the epoch, never going backwards."""
        ...


#: A start this much later than the last persisted time is suspicious, in seconds: nobody leaves a server off so long.
_FAR_AHEAD = 366 * 24 * 60 * 60


class ServingClock:
    """The clock of a serving process.

    Starts at the wall clock, or at the last time the store has seen when the wall clock is behind it, and then
    advances with the monotonic clock alone.
    """

    def __init__(self, persisted_time: int = 0) -> None:
        """`persisted_time` in seconds since the epoch; 0 when there is none."""
        wall_ms = int(time.time() * 1000)
        self.held_back = wall_ms < persisted_time * 1000
        self.far_ahead = persisted_time > 0 and wall_ms // 1000 > persisted_time + _FAR_AHEAD
        self._start_ms = max(wall_ms, persisted_time * 1000)
        self._started = time.monotonic_ns()

    def now(self) -> int:
        return self.now_ms() // 1000

    def now_ms(self) -> int:
        return self._start_ms + (time.monotonic_ns() - self._started) // 1_000_000

    def drift(self) -> int:
        """How far the wall clock is ahead of this clock, in seconds; negative when it is behind."""
        return int(time.time()) - self.now()

    def may_purge(self) -> bool:
        """Whether deleting what has expired is safe: not while the clock is far ahead of the last start's."""
        return not self.far_ahead
