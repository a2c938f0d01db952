"""The four endpoints over HTTP, against the peer's."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measurement import Finding, Measurement, Row, Run, compare_rates, take_turns
from tests.bench.peer import Peer
from tests.bench.quiet import QUIET, QUIET_ROUNDS, compare_p99, quiet
from tests.bench.requests import code_load, metadata_load, refresh_load, registration_load
from tests.bench.road import Road
from tests.bench.servers import Core, facade
from tests.bench.wrk import HttpLoad

_GRANTS = 3000
#: Before the rounds, so that neither is measured while it warms up; and at most in flight when a run is stopped.
_WARM_UP = 1000
_CONNECTIONS = 64


@dataclass(frozen=True)
class Endpoint:
    """What is compared: requests in a run, and how many times the peer's rate ours should be."""

    name: str
    count: int
    target: float


_ENDPOINTS = {
    "code": Endpoint("Code exchange", 4000, 3),
    "refresh": Endpoint("Refresh", 5000, 3),
    "registration": Endpoint("Registration", 5000, 2),
    "metadata": Endpoint("Metadata", 12000, 3),
}


@dataclass(frozen=True)
class Loaded:
    """A server with its loads, by endpoint."""

    pids: list[int]
    loads: Mapping[str, HttpLoad]

    def busy(self, endpoint: str) -> Run:
        """As many requests as it can answer."""
        count = _ENDPOINTS[endpoint].count
        return lambda: self.loads[endpoint].run(count, self.pids, connections=_CONNECTIONS)

    def quiet(self, endpoint: str) -> Run:
        """100 requests a second."""
        return quiet(self.loads[endpoint], self.pids)


def measure(folder: Path, rounds: int) -> list[Finding]:
    """Both servers run all the time; one is loaded at a time."""
    with ExitStack() as stack:
        ours, peer = _serve_ours(folder, stack, rounds), _serve_peer(folder, stack, rounds)
        for server in (ours, peer):
            for load in server.loads.values():
                load.run(_WARM_UP, server.pids, connections=_CONNECTIONS)
        findings: list[Finding] = []
        for key, endpoint in _ENDPOINTS.items():
            busy = take_turns([ours.busy(key), peer.busy(key)], rounds)
            calm = take_turns([ours.quiet(key), peer.quiet(key)], QUIET_ROUNDS)
            findings.append(_compare_busy(endpoint, *busy))
            findings.append(_compare_quiet(endpoint, *calm))
    return findings


def _spare(endpoint: str, rounds: int) -> int:
    """How many bodies all its runs use up."""
    busy, calm = rounds * _ENDPOINTS[endpoint].count, QUIET_ROUNDS * QUIET
    return _WARM_UP + busy + calm + (1 + rounds + QUIET_ROUNDS) * _CONNECTIONS


def _serve_ours(folder: Path, stack: ExitStack, rounds: int) -> Loaded:
    core = stack.enter_context(Core(folder / "ours"))
    server, port = facade(core)
    stack.enter_context(server)
    road = Road(core)
    road.begin()
    url = f"http://127.0.0.1:{port}"
    loads = {
        "code": code_load(f"{url}/oauth/v1/token", road.client_id, road.codes(_spare("code", rounds))),
        "refresh": refresh_load(
            f"{url}/oauth/v1/token", road.client_id, [each.refresh_token for each in road.connect(_GRANTS)]
        ),
        "registration": registration_load(f"{url}/oauth/v1/register", _spare("registration", rounds)),
        "metadata": metadata_load(f"{url}/.well-known/oauth-authorization-server"),
    }
    return Loaded([core.server.pid, server.pid], loads)


def _serve_peer(folder: Path, stack: ExitStack, rounds: int) -> Loaded:
    peer = stack.enter_context(Peer(folder / "peer"))
    codes, refresh_tokens = peer.prepare(_spare("code", rounds), _GRANTS)
    loads = {
        "code": code_load(f"{peer.url}/token", peer.client_id, codes),
        "refresh": refresh_load(f"{peer.url}/token", peer.client_id, refresh_tokens),
        "registration": registration_load(f"{peer.url}/reg", _spare("registration", rounds)),
        "metadata": metadata_load(f"{peer.url}/.well-known/oauth-authorization-server"),
    }
    return Loaded([peer.server.pid], loads)


def _compare_busy(endpoint: Endpoint, ours: list[Measurement], peers: list[Measurement]) -> Finding:
    name = f"5. {endpoint.name} against oidc-provider, {_CONNECTIONS} connections"
    return compare_rates(name, Row("Tokenhouse", ours), Row("oidc-provider", peers), endpoint.target)


def _compare_quiet(endpoint: Endpoint, ours: list[Measurement], peers: list[Measurement]) -> Finding:
    name = f"5. {endpoint.name}: p99 at 100 requests a second against oidc-provider's"
    return compare_p99(name, Row("Tokenhouse", ours), Row("oidc-provider", peers), 1)
