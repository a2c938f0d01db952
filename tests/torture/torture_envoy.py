"""The core restarts while Envoy asks it about every request, or says nothing: does the right one pass?

With deploy/envoy/envoy.yaml as it stands: requests wait for the core for two seconds at the most."""

import threading
import time
from collections import Counter
from pathlib import Path

from tests.deploy.envoy_process import EnvoyProcess, running_envoy
from tests.rpc.road import Road
from tests.serving import Serving
from tests.torture.conftest import Figures
from tests.verifier.forms import wait_until
from tests.verifier.proxy import Proxy

_RESTARTS = 20
_CLIENTS = 8
#: Answers between two restarts.
_BETWEEN = 200


class _Load:
    """Clients that send one request after another, with a good token."""

    def __init__(self, envoy: EnvoyProcess, token: str) -> None:
        self.statuses: Counter[int] = Counter()
        self.slowest = 0.0
        self._header = ("Authorization", f"Bearer {token}")
        self._envoy = envoy
        self._stopping = threading.Event()
        self._counting = threading.Lock()
        self._threads = [threading.Thread(target=self._send) for _ in range(_CLIENTS)]

    def __enter__(self) -> "_Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, answers: int) -> None:
        """Until there are so many more."""
        before = self.statuses.total()
        wait_until(lambda: self.statuses.total() >= before + answers, f"{answers} answers")

    def _send(self) -> None:
        while not self._stopping.is_set():
            started = time.monotonic()
            status = self._envoy.get(headers=[self._header]).status
            took = time.monotonic() - started
            with self._counting:
                self.statuses[status] += 1
                self.slowest = max(self.slowest, took)


def test_restarts_under_load(tmp_path: Path, figures: Figures) -> None:
    """Every request passes; those of the moment take longer."""
    with Serving(tmp_path) as serving:
        road = Road(serving)
        road.begin()
        token = road.connect(resource="https://mcp.example.com/mcp").access_token
        port, away = serving.config.grpc.listen.port, 0.0
        with running_envoy(tmp_path, port) as envoy, _Load(envoy, token) as load:
            for _ in range(_RESTARTS):
                load.wait_for(_BETWEEN)
                stopped = time.monotonic()
                serving.stop()
                serving.start(port)
                away = max(away, time.monotonic() - stopped)
    times = f"away {away:.2f} s at the most, slowest request {load.slowest:.2f} s"
    figures(f"{dict(load.statuses)} over {_RESTARTS} restarts; {times}")
    assert set(load.statuses) == {200}
    assert load.statuses[200] > _RESTARTS * _CLIENTS


def test_a_core_that_says_nothing(tmp_path: Path, figures: Figures) -> None:
    """Nobody passes, and each is told so when the proxy's time is up; as soon as the core answers, everybody does."""
    with Serving(tmp_path) as serving:
        road = Road(serving)
        road.begin()
        header = ("Authorization", f"Bearer {road.connect(resource='https://mcp.example.com/mcp').access_token}")
        with (
            Proxy(serving.config.grpc.listen.port) as proxy,
            running_envoy(tmp_path, int(proxy.target.rpartition(":")[2])) as envoy,
        ):
            assert envoy.get(headers=[header]).status == 200
            proxy.freeze()
            started = time.monotonic()
            silent = [envoy.get(headers=[header]) for _ in range(3)]
            waited = (time.monotonic() - started) / len(silent)
            proxy.thaw()
            wait_until(lambda: envoy.get(headers=[header]).status == 200, "the core to be heard again")
    figures(f"503 after {waited:.2f} s")
    assert {(answer.status, answer.path) for answer in silent} == {(503, None)}


def test_a_long_answer(tmp_path: Path) -> None:
    """An answer that takes longer than Envoy's own 15 seconds arrives: those of MCP are streams."""
    with Serving(tmp_path) as serving:
        road = Road(serving)
        road.begin()
        header = ("Authorization", f"Bearer {road.connect(resource='https://mcp.example.com/mcp').access_token}")
        with running_envoy(tmp_path, serving.config.grpc.listen.port) as envoy:
            assert envoy.get("/mcp/slow/17", headers=[header]).status == 200
