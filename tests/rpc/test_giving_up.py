"""What the facade waits for no longer is not begun, however late it is found (core/rpc/giving_up.py)."""

import time

import grpc
import pytest

from core.rpc.giving_up import METADATA_KEY
from facade.core_client import UNTIL_KEY
from tests.rpc.road import Road, refused
from tests.serving import DEADLINE


def _since_boot(seconds: float) -> str:
    """A moment so many seconds from now, as the facade tells it."""
    return str(time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000 + int(seconds * 1000))


def test_a_code_that_nobody_waits_for_is_not_spent(road: Road) -> None:
    """RFC 6749 §4.1.2: it is good once; whoever was told to come back with it does so, and gets tokens."""
    redeeming = road.redeeming(road.code())
    late = refused(road.serving.tokens.IssueToken, redeeming, metadata=((METADATA_KEY, _since_boot(-0.001)),))
    assert (late.code, late.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
    in_time = ((METADATA_KEY, _since_boot(DEADLINE)),)
    assert road.serving.tokens.IssueToken(redeeming, timeout=DEADLINE, metadata=in_time).access_token


@pytest.mark.parametrize("said", ["", "soon", "-1", "1e3", "\u0661"])
def test_what_is_no_moment_says_nothing(road: Road, said: str) -> None:
    """The deadline of the call counts, as for callers that say nothing."""
    value = said if said.isascii() else said.encode()
    key = METADATA_KEY if isinstance(value, str) else f"{METADATA_KEY}-bin"
    road.serving.tokens.IssueToken(road.redeeming(road.code()), timeout=DEADLINE, metadata=((key, value),))


def test_core_and_facade_mean_the_same() -> None:
    """Neither imports the other."""
    assert METADATA_KEY == UNTIL_KEY
