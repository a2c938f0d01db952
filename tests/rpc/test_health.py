"""grpc.health.v1: who watches is told, and who hangs up stops nobody."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2
from prometheus_client import CollectorRegistry

from core.metrics.calls import CallMetrics
from core.rpc.callers import Caller
from core.rpc.health import MOST_WATCHERS, Health
from core.rpc.listener import Listener
from tests.patience import PATIENCE
from tests.ports import free_port
from tests.rpc.contract import call_raw
from tests.serving import DEADLINE

_WATCH = "/grpc.health.v1.Health/Watch"
_Status = health_pb2.HealthCheckResponse


class Watched:
    """A listener that offers its health alone, and a channel to it."""

    def __init__(self) -> None:
        self.health = Health(("one.Service",))
        self.listener = Listener(Caller.SERVICE, {}, self.health, CallMetrics(CollectorRegistry()))
        port = free_port()
        self.listener.listen_on_port("127.0.0.1", port)
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.use_local_subchannel_pool", 1)])

    def watch(self, service: str = "") -> Any:
        """An open stream."""
        method: Callable[..., Any] = self.channel.unary_stream(_WATCH)
        return method(health_pb2.HealthCheckRequest(service=service).SerializeToString(), timeout=DEADLINE)

    def check(self) -> Any:
        """The status of the whole server."""
        return _Status.FromString(call_raw(self.channel, "/grpc.health.v1.Health/Check", b"")).status


def told(stream: Any) -> Any:
    """The next status of a stream."""
    return _Status.FromString(next(stream)).status


@pytest.fixture
def watched() -> Iterator[Watched]:
    """Not serving yet."""
    built = Watched()
    yield built
    built.channel.close()
    built.listener.stop(0).wait()


def test_a_watcher_is_told_each_change_once(watched: Watched) -> None:
    """grpc.health.v1 Watch: the status at once, then what it changes to; what does not change is not said again."""
    streams = [watched.watch(), watched.watch("one.Service")]
    assert [told(stream) for stream in streams] == [_Status.NOT_SERVING] * 2
    watched.health.serve()
    watched.health.serve()
    assert [told(stream) for stream in streams] == [_Status.SERVING] * 2
    watched.health.stop()
    assert [told(stream) for stream in streams] == [_Status.NOT_SERVING] * 2


def test_a_watch_holds_no_stop_up(watched: Watched) -> None:
    """It is told that the server stops, and ended, whenever it began: nobody waits until the grace is over."""
    watched.health.serve()
    streams = [watched.watch(), watched.watch("no.Service")]
    assert [told(stream) for stream in streams] == [_Status.SERVING, _Status.SERVICE_UNKNOWN]
    watched.health.stop()
    streams.append(watched.watch())

    expected = [[_Status.NOT_SERVING], [], [_Status.NOT_SERVING]]
    assert [[_Status.FromString(answer).status for answer in stream] for stream in streams] == expected
    assert {stream.code() for stream in streams} == {grpc.StatusCode.OK}
    assert watched.listener.stop(2 * PATIENCE).wait(PATIENCE)


def test_an_unknown_service_is_said_to_be_unknown(watched: Watched) -> None:
    """grpc.health.v1 Watch: SERVICE_UNKNOWN, and the stream stays open."""
    stream = watched.watch("no.Service")
    assert told(stream) == _Status.SERVICE_UNKNOWN
    watched.health.serve()
    assert stream.is_active()


def test_watchers_who_hang_up_stop_nobody(watched: Watched) -> None:
    """Eight at a time, each gone as soon as it was told: no stream's end waits for another one's message."""
    failures: list[grpc.RpcError] = []

    def come_and_go() -> None:
        try:
            for _ in range(100):
                stream = watched.watch()
                told(stream)
                stream.cancel()
        except grpc.RpcError as error:
            failures.append(error)

    threads = [threading.Thread(target=come_and_go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert watched.check() == _Status.NOT_SERVING


def test_watchers_are_counted_while_they_watch(watched: Watched) -> None:
    """One more than 512 is RESOURCE_EXHAUSTED; who has gone makes room, told or not."""
    for _ in range(MOST_WATCHERS):
        watched.watch().cancel()
    streams = [_come_in(watched) for _ in range(MOST_WATCHERS)]

    with pytest.raises(grpc.RpcError) as caught:
        told(watched.watch())
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    for stream in streams:
        stream.cancel()
    _come_in(watched)


def _come_in(watched: Watched) -> Any:
    """A stream that has been told, as soon as those that are gone have left room."""
    until = time.monotonic() + DEADLINE
    while True:
        stream = watched.watch()
        try:
            told(stream)
            return stream
        except grpc.RpcError as error:
            assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert time.monotonic() < until
