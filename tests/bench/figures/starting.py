"""The time from the command to the word that it is ready."""

from contextlib import ExitStack
from pathlib import Path
from statistics import median

from tests.bench.measurement import Finding
from tests.bench.servers import Core, facade

_TARGET = 0.8
_STARTS = 7


def measure(folder: Path, _rounds: int) -> list[Finding]:
    """A core on a database that is there, a facade in front of a core that serves; one start of each is not counted."""
    cores, facades = [], []
    for _ in range(_STARTS + 1):
        with ExitStack() as stack:
            core = stack.enter_context(Core(folder / "starting"))
            server, _port = facade(core)
            stack.enter_context(server)
            cores.append(core.server.start_seconds)
            facades.append(server.start_seconds)
    return [
        Finding("6. Start of the core", median(cores[1:]), _TARGET, at_most=True, unit="s", spread=_range(cores)),
        Finding("6. Start of the facade", median(facades[1:]), _TARGET, at_most=True, unit="s", spread=_range(facades)),
    ]


def _range(seconds: list[float]) -> tuple[float, float]:
    return min(seconds[1:]), max(seconds[1:])
