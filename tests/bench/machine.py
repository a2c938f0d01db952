"""The machine: a CPU for the servers, another for the load, and what processes used of them."""

import os
from collections.abc import Iterable, Iterator
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


def together_megabytes(pids: Iterable[int]) -> float:
    """What several processes have in RAM, in MB: what is each one's own, and once what they share of each file."""
    own, shared = 0, dict[str, int]()
    for pid in pids:
        of_files: dict[str, int] = {}
        for name, sizes in _mappings(pid):
            kept = sizes["Shared_Clean"] + sizes["Shared_Dirty"]
            own += sizes["Rss"] - kept
            of_files[name] = of_files.get(name, 0) + kept
        for name, kept in of_files.items():
            shared[name] = max(shared.get(name, 0), kept)
    return (own + sum(shared.values())) * 1024 / 1e6


def _mappings(pid: int) -> Iterator[tuple[str, dict[str, int]]]:
    """Each mapping's file and its sizes in KB, as proc_pid_smaps(5) tells."""
    name, sizes = "", dict[str, int]()
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        words = line.split()
        if not words[0].endswith(":"):
            name, sizes = " ".join(words[5:]), {}
        elif words[-1] == "kB":
            sizes[words[0][:-1]] = int(words[1])
        elif words[0] == "VmFlags:":
            yield name, sizes


def _kilobytes(report: Path, name: str) -> int:
    for line in report.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(f"{report} does not tell {name}")
