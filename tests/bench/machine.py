"""The machine: a CPU for the servers, another for the load, and what processes used of them."""

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_CPUS = sorted(os.sched_getaffinity(0))

#: Every server, and the facade and the core together, have this one.
SERVER_CPU = _CPUS[0]
#: What makes the load, and this process.
LOAD_CPU = _CPUS[-1]


def stay_with_the_load() -> None:
    """Keep this process, and what it starts from here on, off the servers' CPU.

    Raises:
        SystemExit: there is only one CPU.
    """
    if SERVER_CPU == LOAD_CPU:
        raise SystemExit("a benchmark needs two CPUs: one for the server, one for the load")
    os.sched_setaffinity(0, {LOAD_CPU})


def cpu_seconds(pids: Iterable[int]) -> float:
    """The CPU time that the processes have used, in seconds."""
    return sum(_cpu_seconds(pid) for pid in pids)


def _cpu_seconds(pid: int) -> float:
    # The name in brackets may hold spaces: the numbers begin after it. Fields 14 and 15 of proc(5).
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_megabytes(pid: int) -> float:
    """The memory of a process that is in RAM, pages that it shares with others counted in full, in MB."""
    return _kilobytes(Path(f"/proc/{pid}/smaps_rollup"), "Rss") * 1024 / 1e6


def proportional_megabytes(pid: int) -> float:
    """The same with shared pages divided among those who share them."""
    return _kilobytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss") * 1024 / 1e6


def _kilobytes(report: Path, name: str) -> int:
    for line in report.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(f"{report} does not tell {name}")
