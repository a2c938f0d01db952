"""Time while serving: never backwards, whatever the wall clock does."""

import time

from core.domain.clock import ServingClock

DAY = 24 * 60 * 60


def test_a_clock_behind_the_last_persisted_time_is_held_at_it() -> None:
    """README, Grants: what expired before a restart stays expired after it."""
    ahead = int(time.time()) + DAY
    clock = ServingClock(ahead)
    assert clock.held_back
    assert ahead <= clock.now() <= ahead + 1
    assert clock.drift() <= -DAY + 1
    assert clock.may_purge()


def test_a_clock_far_ahead_of_the_last_persisted_time_deletes_nothing() -> None:
    """README, Grants: a start far in the future may be a wrong clock."""
    clock = ServingClock(int(time.time()) - 367 * DAY)
    assert clock.far_ahead
    assert not clock.may_purge()
    assert not clock.held_back
    assert ServingClock(int(time.time()) - 365 * DAY).may_purge()
    assert ServingClock(0).may_purge()


def test_time_passes_and_never_goes_back() -> None:
    """Milliseconds since the epoch, from the monotonic clock."""
    clock = ServingClock()
    readings = [clock.now_ms() for _ in range(1000)]
    assert readings == sorted(readings)
    assert abs(clock.now() - time.time()) < 2
