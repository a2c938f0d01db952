"""When a message was sent, told by the clock of this process."""

import pytest
from tokenhouse_verifier.freshness import Freshness, now


def test_a_message_is_as_old_as_it_took_beyond_the_fastest() -> None:
    """The two clocks may differ by anything; what differs from message to message is the way."""
    fresh = Freshness()
    assert fresh.note(1000.0, 5.0) == 5.0
    assert fresh.note(1001.0, 6.0) == pytest.approx(6.0, abs=0.01)
    assert fresh.note(1002.0, 9.0) == pytest.approx(7.0, abs=0.01)
    assert fresh.note(1003.0, 9.1) == pytest.approx(8.0, abs=0.01)
    assert fresh.here(1010.0) == pytest.approx(15.0, abs=0.01)


def test_a_faster_message_corrects_the_estimate() -> None:
    """The first one may have been slow."""
    fresh = Freshness()
    fresh.note(1000.0, 15.0)
    assert fresh.note(1001.0, 6.0) == 6.0
    assert fresh.note(1002.0, 16.0) == pytest.approx(7.0, abs=0.02)


@pytest.mark.parametrize("rate", [0.9995, 1.0005])
def test_clocks_may_drift_apart(rate: float) -> None:
    """For days, at a rate that no working clock has: a message that comes at once is never taken for an old one."""
    fresh = Freshness()
    for second in range(200_000):
        received = second * rate
        assert fresh.note(float(second), received) > received - 1


def test_another_stream_begins_anew() -> None:
    """Another core may have another clock."""
    fresh = Freshness()
    with pytest.raises(LookupError):
        fresh.here(0)
    fresh.note(1000.0, 5.0)
    fresh.restart()
    with pytest.raises(LookupError):
        fresh.here(0)
    assert fresh.note(5.0, 7.0) == 7.0


def test_the_clock_goes_on() -> None:
    """It never goes back."""
    times = [now() for _ in range(1000)]
    assert times == sorted(times)
