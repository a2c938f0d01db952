"""What time it is: the start's wall clock plus the monotonic clock, so a jump of the wall clock moves nothing."""

import time
from typing import Protocol

#: How far the wall clock may be off, or a time of ours lie ahead, before it is worth a word; in seconds.
TOLERATED_DRIFT = 60
#: A clock that goes on while the machine sleeps, where there is one: a token must not live longer for that.
_BEAT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
#: A start this much later than the last persisted time is suspicious, in seconds: nobody leaves a server off so long.
_FAR_AHEAD = 366 * 24 * 60 * 60


class Clock(Protocol):
    """The only source of time in the domain."""

    def now(self) -> int:
        """Seconds since the epoch, never going backwards."""
        ...

    def now_ms(self) -> int:
        """Milliseconds since the epoch, never going backwards."""
        ...


class ServingClock:
    """The clock of a serving process.

    Starts at the wall clock, or at the last time the store has seen when the wall clock is behind it, and then
    advances with the monotonic clock alone.
    """

    def __init__(self, persisted_time: int = 0) -> None:
        """`persisted_time` in seconds since the epoch; 0 when there is none."""
        wall_ms = int(time.time() * 1000)
        #: The start's wall clock was behind, and the persisted time is served instead.
        self.held_back = wall_ms < persisted_time * 1000
        #: The start's wall clock was far ahead, and nobody has confirmed it.
        self.unconfirmed = persisted_time > 0 and wall_ms // 1000 > persisted_time + _FAR_AHEAD
        self._start_ms = max(wall_ms, persisted_time * 1000)
        self._started = time.clock_gettime_ns(_BEAT)

    def now(self) -> int:
        return self.now_ms() // 1000

    def now_ms(self) -> int:
        return self._start_ms + (time.clock_gettime_ns(_BEAT) - self._started) // 1_000_000

    def drift(self) -> int:
        """How far the wall clock is ahead of this clock, in seconds; negative when it is behind."""
        return int(time.time()) - self.now()

    def confirm(self) -> None:
        """Somebody who knows says that the time is right."""
        self.unconfirmed = False


def lies_ahead(moment: int, now: int) -> bool:
    """Whether something of ours, in seconds since the epoch, was made later than `now`.

    Time never goes back further than the tolerance, but for one case: a start far ahead that nobody confirmed, and a
    corrected clock at the next one. What was made in between would live for years.
    """
    return moment > now + TOLERATED_DRIFT
