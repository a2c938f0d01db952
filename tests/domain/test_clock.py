"""Time while serving: never backwards, whatever the wall clock does."""

import time

from core.domain.clock import ServingClock, lies_ahead

DAY = 24 * 60 * 60


def test_a_clock_behind_the_last_persisted_time_is_held_at_it() -> None:
    """README, Grants: what expired before a restart stays expired after it."""
    ahead = int(time.time()) + DAY
    clock = ServingClock(ahead)
    assert clock.held_back
    assert ahead <= clock.now() <= ahead + 1
    assert clock.drift() <= -DAY + 1
    assert not clock.unconfirmed


def test_a_clock_far_ahead_of_the_last_persisted_time_is_in_doubt_until_it_is_confirmed() -> None:
    """README, Grants: a start far in the future may be a wrong clock."""
    clock = ServingClock(int(time.time()) - 367 * DAY)
    assert clock.unconfirmed
    assert not clock.held_back
    clock.confirm()
    assert not clock.unconfirmed
    assert not ServingClock(int(time.time()) - 365 * DAY).unconfirmed
    assert not ServingClock(0).unconfirmed


def test_time_passes_and_never_goes_back() -> None:
    """Milliseconds since the epoch, from the monotonic clock."""
    clock = ServingClock()
    readings = [clock.now_ms() for _ in range(1000)]
    assert readings == sorted(readings)
    assert abs(clock.now() - time.time()) < 2


def test_a_minute_ahead_is_no_other_time() -> None:
    """The time is noted every half minute: after a crash, what was made since lies ahead by less than a minute."""
    assert [lies_ahead(moment, 1000) for moment in (0, 1000, 1060, 1061)] == [False, False, False, True]
