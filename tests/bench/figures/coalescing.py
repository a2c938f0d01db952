"""The facade's batches against one call to the core for each token request."""

from contextlib import ExitStack
from pathlib import Path

from tests.bench.measurement import Finding, Measurement, Row, Run, compare_rates, take_turns
from tests.bench.requests import refresh_load
from tests.bench.road import Road
from tests.bench.servers import Core, facade
from tests.bench.wrk import HttpLoad
from tests.ports import free_port

_GRANTS = 1500
#: Requests in a run, by connections. One connection takes many short turns: what differs by a few percent is lost in
#: what else the machine does within seconds.
_COUNTS = {64: 6000, 1: 500}
_TURNS = {64: 1, 1: 4}
_TARGETS = {64: 2.5, 1: 0.95}


def measure(folder: Path, rounds: int) -> list[Finding]:
    """Refreshes through two facades in front of one core."""
    with ExitStack() as stack:
        core = stack.enter_context(Core(folder / "coalescing"))
        road = Road(core)
        road.begin()
        turns: dict[int, list[Run]] = {connections: [] for connections in _COUNTS}
        for module, port in (("facade", core.http_port), ("tests.bench.starting.facade", free_port())):
            server, port = facade(core, module, port)
            stack.enter_context(server)
            pids = [core.server.pid, server.pid]
            url = f"http://127.0.0.1:{port}/oauth/v1/token"
            load = refresh_load(url, road.client_id, [each.refresh_token for each in road.connect(_GRANTS)])
            load.run(1000, pids)
            for connections, runs in turns.items():
                runs.append(_run(load, pids, connections))
        found = {connections: take_turns(runs, rounds * _TURNS[connections]) for connections, runs in turns.items()}
    return [
        compare_rates(
            f"4. Coalescing on against off, {connections} connection{'s' if connections > 1 else ''}",
            Row("on", on),
            Row("off", off),
            _TARGETS[connections],
        )
        for connections, (on, off) in found.items()
    ]


def _run(load: HttpLoad, pids: list[int], connections: int) -> Run:
    def run() -> Measurement:
        return load.run(_COUNTS[connections], pids, connections=connections)

    return run
