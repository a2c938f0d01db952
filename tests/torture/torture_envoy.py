"""The core restarts while Envoy asks it about every request: is anybody refused who should pass?

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
