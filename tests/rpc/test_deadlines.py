"""Calls that wait for a thread while the wall clock jumps: a deadline is a span of time, not an hour of the day."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import grpc
import pytest
from tokenhouse.v1 import registration_pb2

from core.rpc import deadlines
from core.rpc.pool import CountingPool
from tests.patience import PATIENCE
from tests.rpc.contract import call_raw
from tests.rpc.road import Road, read_refusal
from tests.running import wait_until
from tests.serving import Serving

_HOUR = 3600.0
_YEARS = 10 * 365 * 86400.0
_REQUEST = registration_pb2.RegisterClientRequest(
    client_metadata=b'{"client_name": "Waits", "redirect_uris": ["http://127.0.0.1/"]}'
)
_JUMPS = pytest.mark.parametrize("jump", [_HOUR, -_HOUR, _YEARS, -_YEARS], ids=["hour", "-hour", "years", "-years"])


@contextmanager
def busy_threads(serving: Serving) -> Iterator[None]:
    """Every call of the facade's waits for a thread until the block ends."""
    facades = pool_of(serving)
    wait_until(lambda: facades.in_flight == 0, "the calls before to end")
    released = Event()
    held = [facades.submit(released.wait) for _ in range(facades._max_workers)]
    try:
        yield
    finally:
        released.set()
    assert all(each.result() for each in held)


def register(serving: Serving, timeout: float | None) -> Any:
    """A registration that waits for a thread."""
    pool = pool_of(serving)
    before = pool.in_flight
    call = serving.registration.RegisterClient.future(_REQUEST, timeout=timeout)
    wait_until(lambda: pool.in_flight > before, "the call to arrive")
    return call


@pytest.fixture(autouse=True)
def _own_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """That a clock jumped is remembered for a minute: not longer than the test."""
    monkeypatch.setattr(deadlines, "_DEADLINES", deadlines.Deadlines())


def set_wall_clock(monkeypatch: pytest.MonkeyPatch, off: float) -> None:
    """Set what this process takes for the time, to `off` seconds from the right one."""
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + off)


@_JUMPS
def test_a_jump_takes_nothing_from_a_call_that_waits(road: Road, monkeypatch: pytest.MonkeyPatch, jump: float) -> None:
    """Ten seconds are ten seconds, whatever time it is meanwhile; right after it the usual holds again."""
    with monkeypatch.context() as patched:
        with busy_threads(road.serving):
            call = register(road.serving, PATIENCE)
            set_wall_clock(patched, jump)
        assert call.result().client_information
    assert road.serving.registration.RegisterClient(_REQUEST, timeout=PATIENCE).client_information


@_JUMPS
def test_nor_does_it_begin_what_nobody_waits_for(road: Road, monkeypatch: pytest.MonkeyPatch, jump: float) -> None:
    """A deadline that passes while its call waits has passed: nothing is done for whoever has gone."""
    before = registered(road.serving)
    with monkeypatch.context() as patched:
        with busy_threads(road.serving):
            call = register(road.serving, 0.2)
            assert call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            # The same connection: when this is answered, the core has heard of the other's end.
            assert call_raw(road.serving.channels["facade"], "/grpc.health.v1.Health/Check", b"")
            set_wall_clock(patched, jump)
        wait_until(lambda: pool_of(road.serving).in_flight == 0, "the call to end")
    assert registered(road.serving) == before


def test_a_jump_lets_nobody_wait_for_ever(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call needs a deadline; that the clock has jumped while this one waited is no excuse."""
    with monkeypatch.context() as patched:
        with busy_threads(road.serving):
            call = register(road.serving, None)
            set_wall_clock(patched, -_YEARS)
        refusal = read_refusal(call.exception())
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "DEADLINE_REQUIRED")


def pool_of(serving: Serving) -> CountingPool:
    """The threads of the facade's listener."""
    return serving.core._listeners[0].room._pool


def registered(serving: Serving) -> float:
    """How many clients have been registered."""
    return (
        serving.core._metrics.registry.get_sample_value(
            "tokenhouse_client_registrations_total", {"result": "registered"}
        )
        or 0.0
    )
