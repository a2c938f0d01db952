"""Envoy asking the core about each request, against Envoy that checks signatures itself, and one that asks nobody."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
from tokenhouse.v1 import discovery_pb2

from tests.bench.machine import SERVER_CPU
from tests.bench.measurement import Finding, Row, Run, compare_rates, take_turns
from tests.bench.quiet import QUIET_ROUNDS, compare_p99, quiet
from tests.bench.road import RESOURCE, Road
from tests.bench.servers import Core
from tests.bench.wrk import HttpLoad
from tests.deploy.envoy_process import connections_of, listening_envoy, read_example, routes_of
from tests.ports import free_port

_WARM_UP = 1000
_COUNT = 12_000
_CONNECTIONS = 64
#: Tokens that jwt_authn remembers, where it does.
_CACHED = 1000
_FILTER = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"

#: Makes of the example's configuration the one to be measured.
Change = Callable[[Any], None]


def measure(folder: Path, rounds: int) -> list[Finding]:
    """Four proxies, one loaded at a time, with a token that all of them have seen; each answers by itself."""
    with ExitStack() as stack:
        core = stack.enter_context(Core(folder / "envoy"))
        road = Road(core)
        road.begin()
        (tokens,) = road.connect(1)
        described = core.discovery.GetServerMetadata(discovery_pb2.GetServerMetadataRequest(), timeout=5)
        changes: dict[str, Change] = {
            "Envoy, asking the core (ext_authz, Check)": lambda _config: None,
            "Envoy's jwt_authn": lambda config: _check_signatures(config, core.issuer, described.jwks, 0),
            "Envoy's jwt_authn, with its cache": lambda config: _check_signatures(
                config, core.issuer, described.jwks, _CACHED
            ),
            "Envoy, asking nobody": _let_everybody_pass,
        }
        busy: list[Run] = []
        calm: list[Run] = []
        for number, change in enumerate(changes.values()):
            pid, port = stack.enter_context(_proxy(folder / f"envoy-{number}", core.grpc_port, change))
            url = f"http://127.0.0.1:{port}/mcp"
            refused = httpx.get(url, headers={"Authorization": f"Bearer {tokens.access_token[:-4]}AAAA"})
            assert refused.status_code == (200 if change is _let_everybody_pass else 401), refused.text
            load = HttpLoad(url, headers={"Authorization": f"Bearer {tokens.access_token}"})
            pids = [pid] if number else [pid, core.server.pid]
            load.run(_WARM_UP, pids, connections=_CONNECTIONS)
            busy.append(_busy(load, pids))
            calm.append(quiet(load, pids))
        found, found_quiet = take_turns(busy, rounds), take_turns(calm[:2], QUIET_ROUNDS)
    asking, checking, remembering, open_to_all = (Row(name, runs) for name, runs in zip(changes, found, strict=True))
    asking_calmly, checking_calmly = (
        Row(row.name, runs) for row, runs in zip((asking, checking), found_quiet, strict=True)
    )
    return [
        compare_rates(f"Envoy with Check against jwt_authn, {_CONNECTIONS} connections", asking, checking, None),
        compare_rates("The same, where jwt_authn remembers tokens", asking, remembering, None),
        compare_rates("Envoy's jwt_authn against asking nobody", checking, open_to_all, None),
        compare_p99(
            "Envoy with Check: p99 at 100 requests a second against jwt_authn's", asking_calmly, checking_calmly, None
        ),
    ]


def _busy(load: HttpLoad, pids: list[int]) -> Run:
    return lambda: load.run(_COUNT, pids, connections=_CONNECTIONS)


@contextmanager
def _proxy(folder: Path, core_port: int, change: Change) -> Iterator[tuple[int, int]]:
    """The process and the port of deploy/envoy/envoy.yaml, changed, with the service's answer in the proxy itself."""
    folder.mkdir()
    port = free_port()
    config = read_example(port, core_port)
    for route in routes_of(config):
        if route.pop("route", None):
            route["direct_response"] = {"status": 200, "body": {"inline_string": "served\n"}}
    change(config)
    with listening_envoy(folder, config, port, ("taskset", "--cpu-list", str(SERVER_CPU))) as pid:
        yield pid, port


def _let_everybody_pass(config: Any) -> None:
    filters = connections_of(config)["http_filters"]
    filters[:] = [each for each in filters if each["name"] != "envoy.filters.http.ext_authz"]
    for route in routes_of(config):
        route.pop("typed_per_filter_config", None)


def _check_signatures(config: Any, issuer: str, jwks: str, cached: int) -> None:
    _let_everybody_pass(config)
    provider: dict[str, Any] = {"issuer": issuer, "audiences": [RESOURCE], "local_jwks": {"inline_string": jwks}}
    if cached:
        provider["jwt_cache_config"] = {"jwt_cache_size": cached}
    rules = [{"match": {"prefix": "/"}, "requires": {"provider_name": "tokenhouse"}}]
    checking = {"@type": _FILTER, "providers": {"tokenhouse": provider}, "rules": rules}
    connections_of(config)["http_filters"].insert(0, {"name": "envoy.filters.http.jwt_authn", "typed_config": checking})
