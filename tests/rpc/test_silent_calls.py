"""Calls whose message never comes (RFC 9113 §8.1: a request may be begun and left open) hold no listener's threads."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from core.rpc import silent_calls
from core.rpc.callers import Caller
from core.rpc.listener import _THREADS
from tests.attacks.http2 import begun, ended_streams
from tests.rpc.contract import call_raw
from tests.rpc.road import Road
from tests.serving import DEADLINE, Serving

_VALIDATE = "/tokenhouse.v1.ValidationService/ValidateToken"
_CHECK = "/grpc.health.v1.Health/Check"
_THREADS_OF_SERVICES = _THREADS[Caller.SERVICE]


@contextmanager
def left_open(serving: Serving, method: str, calls: int) -> Iterator[socket.socket]:
    """A connection with so many calls that only begin."""
    with socket.create_connection(("127.0.0.1", serving.config.grpc.listen.port), timeout=DEADLINE) as connection:
        connection.sendall(begun(method, calls))
        yield connection


def test_calls_without_a_message_keep_no_service_from_validating(road: Road, caplog: pytest.LogCaptureFixture) -> None:
    """With every thread taken by them they are ended, CANCELLED, after a second, and logged; validation goes on."""
    token = road.connect().access_token
    with left_open(road.serving, _VALIDATE, _THREADS_OF_SERVICES) as connection:
        assert road.validate(token).active
        assert ended_streams(connection, _THREADS_OF_SERVICES) == _THREADS_OF_SERVICES
    assert "ended a call whose message did not come" in caplog.text


def test_nor_a_probe_from_learning_how_the_core_is(road: Road) -> None:
    """Health has one thread, and the next probe gets it."""
    with left_open(road.serving, _CHECK, 1):
        assert call_raw(road.serving.channels["service"], _CHECK, b"")


def test_one_among_idle_threads_has_more_time(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that is slow to come is waited for while there are threads for the others, and then no longer."""
    monkeypatch.setattr(silent_calls, "PATIENCE_WHERE_BUSY", 0.0)
    monkeypatch.setattr(silent_calls, "PATIENCE", 1.5)
    with left_open(road.serving, _VALIDATE, 1) as connection:
        assert road.validate(road.connect().access_token).active
        assert ended_streams(connection, 1) == 1
