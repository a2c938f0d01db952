"""How old what the stream says is: told by when it was sent, not by when it arrived."""

import time
from functools import partial

#: In seconds; a clock that goes on while the machine sleeps, where there is one.
now = partial(time.clock_gettime, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))

#: How much two clocks may drift apart: what an estimate gives way, in seconds per second.
_DRIFT = 1e-3
#: How far apart the two estimates below may be where nothing holds the stream back, in seconds.
_APART = 1.0


class Freshness:
    """The core's clock as seen from here.

    The fastest message of a stream tells at most how the two clocks differ. One that took longer is as old as it is: a
    heartbeat that a slow network or a process that was stopped delivers late makes nothing younger. Whether something
    on the way holds back every message alike cannot be told from the messages: a call tells it, for the core read its
    clock after it was asked. Until then the stream is trusted for a while, and after that no further.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Another stream, perhaps of another core."""
        self._offset: float | None = None
        self._noted_at = 0.0
        self._began = 0.0
        self._sent_at = 0.0
        self._least: float | None = None
        self._reckoned_at = 0.0
        self._trusted = False

    def note(self, sent_at: float, received_at: float) -> None:
        """A message was sent at that time of the core's, and received at this one of this process's, in seconds."""
        offset = received_at - sent_at
        if self._offset is None:
            self._began = received_at
        else:
            offset = min(offset, self._offset + (received_at - self._noted_at) * _DRIFT)
        self._offset, self._noted_at, self._sent_at = offset, received_at, sent_at

    def reckon(self, asked_at: float, core_time: float) -> bool:
        """The core answered, when its clock said `core_time`, what it was asked at `asked_at`, in seconds.

        False: what was told of its clock before was so wrong that nothing may be kept which relied on it.
        """
        least = asked_at - core_time
        held_back = self._least is None and self._offset is not None and self._offset - least > _APART
        if self._least is not None:
            least = max(least, self._least - (asked_at - self._reckoned_at) * _DRIFT)
        self._least, self._reckoned_at = least, asked_at
        return not held_back

    def trust(self) -> None:
        """The core is of an older version, which does not tell: go by the messages alone."""
        self._trusted = True

    def until(self, silence: float) -> float:
        """Until when what the stream has said may be used, on this process's clock, if it is silent from now on."""
        sent_at = self.here(self._sent_at)
        if self._least is None and not self._trusted:
            return min(sent_at, self._began) + silence
        return sent_at + silence

    def here(self, core_time: float) -> float:
        """A time of the core's clock, in seconds since the epoch, on this process's clock; never later than it is.

        Raises:
            LookupError: no message has come.
        """
        if self._offset is None:
            raise LookupError("the core's clock is not known yet")
        # The least of the two: the core's clock may have been set, and each message shows that.
        return core_time + (self._offset if self._least is None else min(self._offset, self._least))
