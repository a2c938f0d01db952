"""What it costs that a token is on the disk before it is answered."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.bench.measurement import Finding, Measurement, Row, Run, compare_rates, take_turns
from tests.bench.refreshing import RefreshLoad
from tests.bench.road import Road
from tests.bench.servers import Core
from tests.faults.disk_shim import DiskShim, build_shim
from tests.node import find_node

_GRANTS = 512
_COUNT = 8000
_DELAY = 0.002
#: Refreshes in a call: one, and what the facade sends at 64 connections with its two calls in flight.
_BATCHES = {1: "IssueToken", 32: "IssueTokens with 32"}


def measure(folder: Path, rounds: int) -> list[Finding]:
    """Two cores that differ in `synchronous`; and one whose disk is slow every second time."""
    return [*_against_no_disk(folder, rounds), *_against_a_fast_disk(folder, rounds)]


def _against_no_disk(folder: Path, rounds: int) -> list[Finding]:
    with ExitStack() as stack:
        full = stack.enter_context(Core(folder / "full", "tests.bench.starting.core"))
        never = {"BENCH_TOKENHOUSE_SYNCHRONOUS": "OFF"}
        off = stack.enter_context(Core(folder / "off", "tests.bench.starting.core", never))
        loads = [_load(core, batch) for batch in _BATCHES for core in (full, off)]
        found = take_turns([_repeat(load) for load in loads], rounds)
    return [
        compare_rates(
            f"3. Durable issuance against synchronous=OFF, 64 in flight, {name}",
            Row("synchronous=FULL", found[2 * index]),
            Row("synchronous=OFF", found[2 * index + 1]),
            0.75,
        )
        for index, name in enumerate(_BATCHES.values())
    ]


def _against_a_fast_disk(folder: Path, rounds: int) -> list[Finding]:
    slow_folder = folder / "slow"
    (slow_folder / "data").mkdir(mode=0o700, parents=True)
    shim = DiskShim(build_shim(folder), slow_folder / "data", folder)
    with Core(slow_folder, "tests.bench.starting.core", shim.environment) as core:
        loads = [_load(core, batch) for batch in _BATCHES]
        turns = [_delayed(shim, delay, _repeat(load)) for load in loads for delay in (_DELAY, 0.0)]
        found = take_turns(turns, rounds)
    shim.close()
    return [
        compare_rates(
            f"3. Durable issuance with 2 ms more in each fsync, 64 in flight, {name}",
            Row("2 ms more", found[2 * index]),
            Row("the disk as it is", found[2 * index + 1]),
            0.5,
        )
        for index, name in enumerate(_BATCHES.values())
    ]


def _load(core: Core, batch: int) -> Callable[[int], Measurement]:
    road = Road(core)
    road.begin()
    tokens = [each.refresh_token for each in road.connect(_GRANTS)]
    load = RefreshLoad(find_node(), core.socket, road.client_id, tokens, batch)
    load.run(1024, [core.server.pid])
    return lambda count: load.run(count, [core.server.pid])


def _repeat(load: Callable[[int], Measurement]) -> Run:
    return lambda: load(_COUNT)


def _delayed(shim: DiskShim, delay: float, run: Run) -> Run:
    def delayed() -> Measurement:
        shim.delay_fsync(delay)
        return run()

    return delayed
