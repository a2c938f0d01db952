"""GET /metrics: only there, only that, whatever else the process is busy with."""

import http.client
import socket
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry
from tokenhouse.v1 import validation_pb2, validation_pb2_grpc

from core.metrics import listener
from core.metrics.calls import CallMetrics
from core.metrics.listener import MetricsListener
from core.rpc.callers import Caller
from core.rpc.free_addresses import CannotListen
from core.rpc.health import Health
from core.rpc.listener import Listener
from tests.metrics.conftest import Look
from tests.ports import free_port
from tests.scrape import scrape
from tests.serving import DEADLINE, ISSUER, Serving


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/metrics", 200),
        ("GET", "/metrics?name[]=process_open_fds", 200),
        ("POST", "/metrics", 405),
        ("GET", "/", 404),
        ("GET", "/metrics/", 404),
        ("GET", "/oauth/v1/token", 404),
    ],
)
def test_it_answers_one_path(serving: Serving, method: str, path: str, status: int) -> None:
    """Prometheus, exposition formats: GET /metrics as text; nothing else is there."""
    address = serving.config.metrics.core_listen
    assert address is not None
    connection = http.client.HTTPConnection(address.host, address.port, timeout=DEADLINE)
    connection.request(method, path)
    answer = connection.getresponse()

    assert answer.status == status
    if status == 200:
        assert (answer.headers["content-type"] or "").startswith("text/plain; version=")
        assert b"process_open_fds" in answer.read()
    connection.close()


def test_nobody_listens_unless_told(tmp_path: Path) -> None:
    """README, [Metrics]: none by default; a core without the setting counts, and tells nobody."""
    before = _listening_threads()
    with Serving(tmp_path) as core:
        assert core.config.metrics.core_listen is None
        assert _listening_threads() == before


def _listening_threads() -> int:
    return sum(thread.name == "metrics" for thread in threading.enumerate())


def test_it_stops_with_the_core(tmp_path: Path) -> None:
    """Once the core has stopped nobody listens there, and the port can be taken again."""
    port = free_port()
    core = Serving(tmp_path, f"[Metrics]\nCoreListen = 127.0.0.1:{port}")
    with core:
        assert scrape(f"http://127.0.0.1:{port}").value("tokenhouse_build_info") == 1
        core.restart()
        assert scrape(f"http://127.0.0.1:{port}").value("tokenhouse_build_info") == 1
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)


def test_an_address_that_is_taken_is_refused(tmp_path: Path) -> None:
    """README: a setting that cannot be used is one line with its name, and nothing goes on serving."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        core = Serving(tmp_path, f"[Metrics]\nCoreListen = 127.0.0.1:{port}")
        with pytest.raises(CannotListen) as refusal:
            core.start()
        core.core.stop()

    assert str(refusal.value) == f"Metrics.CoreListen: cannot listen on 127.0.0.1:{port}: Address already in use"


def test_ipv6() -> None:
    """An IPv6 address is as good as another one."""
    port, told = free_port(), MetricsListener(CollectorRegistry())
    try:
        told.listen("::1", port)
    except OSError:
        pytest.skip("there is no IPv6 here")
    assert scrape(f"http://[::1]:{port}").text == ""
    told.stop()


def test_it_answers_while_every_thread_and_place_is_taken() -> None:
    """Overload is when metrics are looked at: a listener with all calls in flight that it may have hides nothing."""
    registry, release, held = CollectorRegistry(), threading.Event(), SimpleQueue[None]()

    class Holding:
        def ValidateToken(self, request: Any, context: Any) -> validation_pb2.ValidateTokenResponse:
            held.put(None)
            assert release.wait(60)
            return validation_pb2.ValidateTokenResponse()

        ValidateTokens = StreamValidateTokens = ValidateToken

    descriptor = validation_pb2.DESCRIPTOR.services_by_name["ValidationService"]
    served = Listener(Caller.SERVICE, {descriptor: Holding()}, Health(), CallMetrics(registry))
    told, ports = MetricsListener(registry), (free_port(), free_port())
    served.listen_on_port("127.0.0.1", ports[0])
    told.listen("127.0.0.1", ports[1])
    with grpc.insecure_channel(f"127.0.0.1:{ports[0]}") as channel:
        stub = validation_pb2_grpc.ValidationServiceStub(channel)
        request, ended = validation_pb2.ValidateTokenRequest(token="x", audience=ISSUER), SimpleQueue[Any]()
        calls: list[Any] = [stub.ValidateToken.future(request, timeout=60) for _ in range(1024 + 30)]
        for call in calls:
            call.add_done_callback(ended.put)
        for _ in range(30):
            ended.get(timeout=DEADLINE)
        found = scrape(f"http://127.0.0.1:{ports[1]}")
        release.set()
        for call in calls:
            call.exception()
    served.stop(0).wait()
    told.stop()

    assert found.value("tokenhouse_rpc_in_flight_calls", caller="service") == 1024
    assert found.value("tokenhouse_rpc_shed_calls_total", caller="service") == 30
    assert found.value("tokenhouse_rpc_refusals_total", reason="OVERLOADED") == 30


def test_idle_connections_are_few_and_end(monkeypatch: pytest.MonkeyPatch, look: Look, serving: Serving) -> None:
    """Whoever connects and says nothing takes one of eight places, for seconds; more are closed at once."""
    monkeypatch.setattr(listener._Request, "timeout", 0.5)
    address = serving.config.metrics.core_listen
    assert address is not None
    idle = [socket.create_connection((address.host, address.port), timeout=DEADLINE) for _ in range(20)]
    for connection in idle:
        assert connection.recv(1) == b""
        connection.close()

    assert look().value("tokenhouse_build_info") == 1
