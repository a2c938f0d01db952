"""When a message was sent, told by the clock of this process."""

import pytest
from tokenhouse_verifier.freshness import Freshness, now

SILENCE = 5.0


def _sent_at(fresh: Freshness, sent_at: float, received_at: float) -> float:
    """When it was sent, on this process's clock, as far as the messages tell."""
    fresh.trust()
    fresh.note(sent_at, received_at)
    return fresh.until(SILENCE) - SILENCE


def test_a_message_is_as_old_as_it_took_beyond_the_fastest() -> None:
    """The two clocks may differ by anything; what differs from message to message is the way."""
    fresh = Freshness()
    assert _sent_at(fresh, 1000.0, 5.0) == 5.0
    assert _sent_at(fresh, 1001.0, 6.0) == pytest.approx(6.0, abs=0.01)
    assert _sent_at(fresh, 1002.0, 9.0) == pytest.approx(7.0, abs=0.01)
    assert _sent_at(fresh, 1003.0, 9.1) == pytest.approx(8.0, abs=0.01)
    assert fresh.here(1010.0) == pytest.approx(15.0, abs=0.01)


def test_a_faster_message_corrects_the_estimate() -> None:
    """The first one may have been slow."""
    fresh = Freshness()
    fresh.note(1000.0, 15.0)
    assert _sent_at(fresh, 1001.0, 6.0) == 6.0
    assert _sent_at(fresh, 1002.0, 16.0) == pytest.approx(7.0, abs=0.02)


@pytest.mark.parametrize("rate", [0.9995, 1.0005])
def test_clocks_may_drift_apart(rate: float) -> None:
    """For days, at a rate that no working clock has: a message that comes at once is never taken for an old one."""
    fresh = Freshness()
    for second in range(200_000):
        received = second * rate
        if second % 60 == 0:
            fresh.reckon(received, float(second))
        assert _sent_at(fresh, float(second), received) > received - 1


def test_another_stream_begins_anew() -> None:
    """Another core may have another clock."""
    fresh = Freshness()
    with pytest.raises(LookupError):
        fresh.here(0)
    fresh.note(1000.0, 5.0)
    fresh.reckon(5.0, 1000.0)
    fresh.restart()
    with pytest.raises(LookupError):
        fresh.here(0)
    assert _sent_at(fresh, 5.0, 7.0) == 7.0


def test_a_stream_that_is_held_back_from_its_first_message_on_is_old() -> None:
    """changes.proto, rule 3: no message shows it, for each takes as long; the answer to a call does."""
    fresh = Freshness()
    fresh.note(1000.0, 20.0)
    assert fresh.until(SILENCE) == 25.0
    # Asked when this process's clock was 20, the core's said 1015: what it had sent at 1000 was sent at 5.
    assert not fresh.reckon(20.0, 1015.0)
    assert fresh.until(SILENCE) == 10.0
    assert fresh.here(1015.0) == 20.0
    fresh.note(1001.0, 21.0)
    assert fresh.until(SILENCE) == 11.0


def test_a_slow_answer_makes_a_stream_no_younger() -> None:
    """The core may have read its clock at any moment of the call: at the first, to be safe. The quickest counts."""
    fresh = Freshness()
    fresh.note(1000.0, 5.0)
    assert fresh.reckon(4.0, 1000.0)
    assert fresh.until(SILENCE) == 9.0
    assert fresh.reckon(4.9, 1000.0)
    assert fresh.until(SILENCE) == pytest.approx(9.9, abs=0.01)
    assert fresh.reckon(7.0, 1005.0)
    assert fresh.until(SILENCE) == pytest.approx(9.9, abs=0.01)


def test_until_the_clock_is_known_a_stream_is_trusted_for_a_while() -> None:
    """Its messages may all be late: no longer than silence would be believed."""
    fresh = Freshness()
    for second in range(20):
        fresh.note(1000.0 + second, 5.0 + second)
        assert fresh.until(SILENCE) == 10.0
    fresh.trust()
    assert fresh.until(SILENCE) == pytest.approx(29.0, abs=0.1)


def test_a_clock_that_is_set_makes_nothing_younger() -> None:
    """The core's goes ahead by an hour: what it says then was not sent an hour from now."""
    fresh = Freshness()
    fresh.note(1000.0, 5.0)
    fresh.reckon(5.0, 1000.0)
    fresh.note(4601.0, 6.0)
    assert fresh.until(SILENCE) == 11.0


def test_the_clock_goes_on() -> None:
    """It never goes back."""
    times = [now() for _ in range(1000)]
    assert times == sorted(times)
