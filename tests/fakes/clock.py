"""A clock that a test moves by hand."""

import time

from core.domain.clock import ServingClock


class ManualClock(ServingClock):
    """Stands still until it is moved; starts at the persisted time where that is later."""

    def __init__(self, now: int = 1_800_000_000, persisted_time: int = 0) -> None:
        super().__init__(persisted_time)
        self.milliseconds = max(now, persisted_time) * 1000

    def now_ms(self) -> int:
        return self.milliseconds

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.milliseconds += round(seconds * 1000)


class RunningClock(ManualClock):
    """One that goes on by itself, too."""

    _began = time.monotonic_ns()

    def now_ms(self) -> int:
        return self.milliseconds + (time.monotonic_ns() - self._began) // 1_000_000
