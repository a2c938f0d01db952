"""A listener's threads do not begin what would be answered too late."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Event
from types import SimpleNamespace

import pytest

from core.rpc.pool import CountingPool
from tests.patience import PATIENCE

_THREADS = 2
_METHOD = "/tokenhouse.v1.ValidationService/ValidateToken"


@dataclass
class Calls:
    """A pool, and calls as gRPC hands them over: with the event that began each."""

    pool: CountingPool = field(default_factory=lambda: CountingPool(_THREADS, "calls"))
    begun: list[str] = field(default_factory=list)
    too_late: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pool.too_late = self.too_late.append

    def bring(self, name: str, details: SimpleNamespace, wait: Callable[[], object] = lambda: None) -> Future[object]:
        """A call, which waits for something once it has been begun."""

        def work(_event: object) -> None:
            self.begun.append(name)
            wait()

        return self.pool.submit(work, SimpleNamespace(call_details=details, call=None))


def with_left(seconds: float) -> SimpleNamespace:
    """What gRPC notes of a call whose deadline is so many seconds away."""
    return SimpleNamespace(deadline=time.time() + seconds, method=_METHOD.encode())


@pytest.fixture
def calls() -> Iterator[Calls]:
    """Nothing is under way, before and after."""
    calls = Calls()
    yield calls
    calls.pool.shutdown()
    assert calls.pool.in_flight == 0


def test_a_deadline_that_has_passed(calls: Calls) -> None:
    """gRPC has told its caller DEADLINE_EXCEEDED: nothing is begun, and it is counted."""
    calls.bring("late", with_left(-1)).result(PATIENCE)
    calls.bring("in time", with_left(PATIENCE)).result(PATIENCE)

    assert (calls.begun, calls.too_late) == (["in time"], [_METHOD])


def test_a_deadline_that_passes_while_the_call_waits_for_a_thread(calls: Calls) -> None:
    """It is looked at once more when there is a thread."""
    released, details = Event(), with_left(PATIENCE)
    held = [calls.bring("held", with_left(PATIENCE), released.wait) for _ in range(_THREADS)]
    waiting = calls.bring("waiting", details)
    assert not waiting.done()
    details.deadline = time.time() - 1
    released.set()
    for call in (*held, waiting):
        call.result(PATIENCE)

    assert (calls.begun, calls.too_late) == (["held"] * _THREADS, [_METHOD])


def test_where_others_wait_longer_than_a_call_has_left_it_is_not_begun(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every thread taken, what others have waited is what the next one has to wait; else it need not wait."""
    monkeypatch.setattr("core.rpc.pool._RECKONED", 4 * PATIENCE)
    calls.pool._wait = 4 * PATIENCE
    calls.bring("short, at once", with_left(PATIENCE)).result(PATIENCE)
    calls.pool._wait = 4 * PATIENCE
    released = Event()
    held = [calls.bring("held", with_left(9 * PATIENCE), released.wait) for _ in range(_THREADS)]
    short, long = calls.bring("short", with_left(PATIENCE)), calls.bring("long", with_left(9 * PATIENCE))
    assert short.done()
    released.set()
    for call in (*held, long):
        call.result(PATIENCE)

    assert sorted(calls.begun) == ["held", "held", "long", "short, at once"]
    assert calls.too_late == [_METHOD]
