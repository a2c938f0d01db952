"""ClockAdminService: what operators see of the clock, and how they take a doubt away."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from tokenhouse.v1 import clock_admin_pb2 as pb

from tests.rpc.road import refused
from tests.serving import DEADLINE, Serving


@pytest.fixture
def doubtful(serving: Serving) -> Iterator[Serving]:
    """A core whose start found a clock far ahead."""
    serving.clock.unconfirmed = True
    yield serving
    serving.clock.unconfirmed = False


def look(serving: Serving) -> pb.GetClockResponse:
    """What an operator sees."""
    return serving.clocks.GetClock(pb.GetClockRequest(), timeout=DEADLINE)


def date_of(serving: Serving, days: int = 0) -> str:
    """The server's date, or one so many days later."""
    return (datetime.fromtimestamp(serving.clock.now(), UTC) + timedelta(days=days)).date().isoformat()


def test_the_drift_is_told(serving: Serving) -> None:
    """The time by hand is not the machine's: the drift is the difference, and it is worth a word."""
    found = look(serving)

    assert found.now == serving.clock.now()
    assert abs(found.now + found.drift - datetime.now(UTC).timestamp()) < 10
    assert found.drifting
    assert not found.held_back
    assert not found.unconfirmed


def test_the_date_takes_the_doubt_away(doubtful: Serving) -> None:
    """From then on the time is noted, so that the next start trusts it; a second word changes nothing."""
    assert look(doubtful).unconfirmed
    request = pb.ConfirmClockRequest(today=date_of(doubtful))
    assert doubtful.clocks.ConfirmClock(request, timeout=DEADLINE).confirmed
    assert not look(doubtful).unconfirmed
    assert not doubtful.clocks.ConfirmClock(request, timeout=DEADLINE).confirmed


@pytest.mark.parametrize("days", [-1, 1])
def test_the_date_elsewhere_will_do(doubtful: Serving, days: int) -> None:
    """Somewhere it is yesterday or tomorrow already."""
    request = pb.ConfirmClockRequest(today=date_of(doubtful, days))
    assert doubtful.clocks.ConfirmClock(request, timeout=DEADLINE).confirmed


@pytest.mark.parametrize("days", [-2, 2, -3650])
def test_another_date_is_refused(doubtful: Serving, days: int) -> None:
    """Whoever names another day has found the clock wrong; the refusal says which date is served."""
    refusal = refused(doubtful.clocks.ConfirmClock, pb.ConfirmClockRequest(today=date_of(doubtful, days)))

    assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "FAILED_PRECONDITION")
    assert date_of(doubtful) in refusal.description
    assert look(doubtful).unconfirmed


@pytest.mark.parametrize("today", ["", "today", "2031-02-30", "31.12.2031", "2031-12-31T00:00:00", "9" * 1000])
def test_what_is_no_date_is_refused(doubtful: Serving, today: str) -> None:
    """INVALID_ARGUMENT, whether or not the clock is in doubt."""
    refusal = refused(doubtful.clocks.ConfirmClock, pb.ConfirmClockRequest(today=today))

    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")
    assert look(doubtful).unconfirmed
