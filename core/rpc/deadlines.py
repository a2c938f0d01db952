"""How long a caller still waits, whatever somebody does to the wall clock meanwhile.

gRPC for Python notes a deadline as a moment of the wall clock when a call arrives, and takes the wall clock of now from
it when asked. A jump between the two makes ten seconds nothing, or an hour; gRPC itself, which ends the call when its
time is up, goes by a monotonic clock.
"""

import time
from math import inf

import grpc

#: A client that sets none has a deadline of infinity; nobody waits an hour.
_LONGEST = 3600.0
#: More than any clock jumps: what infinity is, when it has become a moment of the wall clock.
_NEVER = 1e10
#: Two readings differ by less where nothing jumped.
_STILL = 0.5
#: A call that began before a jump has been answered so many seconds after it, or nobody waits any longer.
_LATELY = 60.0
#: What is left of a deadline of which a jump let nobody know how much is.
_UNKNOWN = 3.0


class Deadlines:
    """Deadlines of one process, which notes when its wall clock jumps."""

    def __init__(self) -> None:
        self._offset = _read_offset()
        self._jumped = -inf

    def time_left(self, context: grpc.ServicerContext) -> float | None:
        """Seconds until the deadline, 0 once it has passed, or None: the caller set none."""
        jumped_lately = self._jumped_lately()
        remaining: float | None = context.time_remaining()
        if remaining is None or remaining > (_NEVER if jumped_lately else _LONGEST):
            return None
        if jumped_lately and not 0 < remaining <= _LONGEST:
            return _UNKNOWN if context.is_active() else 0.0
        return remaining

    def passes_within(self, deadline: float, seconds: float) -> bool:
        """As the function of this name."""
        return deadline - time.time() <= seconds and not self._jumped_lately()

    def _jumped_lately(self) -> bool:
        offset, now = _read_offset(), time.monotonic()
        # Two threads that see a jump at once both note it, and the same.
        if abs(offset - self._offset) > _STILL:
            self._offset, self._jumped = offset, now
        return now - self._jumped < _LATELY


def _read_offset() -> float:
    return time.time() - time.monotonic()


_DEADLINES = Deadlines()


def time_left(context: grpc.ServicerContext) -> float | None:
    """Seconds until the call's deadline, 0 once it has passed, or None: the caller set none."""
    return _DEADLINES.time_left(context)


def passes_within(deadline: float, seconds: float) -> bool:
    """Whether a deadline, to gRPC a moment of the wall clock, will have passed; False where nobody knows."""
    return _DEADLINES.passes_within(deadline, seconds)
