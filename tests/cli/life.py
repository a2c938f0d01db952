"""A whole life of `tokenhouse serve`, from its greeting to its end, looked at once for many tests."""

import os
import resource
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cli.served import Served, is_running, wait_for_end
from tests.scrape import Scrape, scrape


@dataclass(frozen=True)
class Life:
    """What was to be seen of it."""

    greeting: str
    #: By name, as the two below.
    children: Mapping[str, int]
    environments: Mapping[str, str]
    #: Of the one that started the others, too.
    sessions: Mapping[str, int]
    file_limits: Mapping[str, int]
    #: What each told at its address for metrics.
    told: Mapping[str, Scrape]
    status: int
    #: Those that were left behind.
    left: set[str]
    log: str


def live(served: Served, end: Callable[[Served], int], metrics: Mapping[str, int]) -> Life:
    """Start it, look, and let `end` end it, which returns the exit status; `metrics` are ports by name."""
    with served:
        greeting, children = served.wait_until_ready(), served.children()
        everybody = {"supervisor": served.process.pid, **children}
        environments = {name: environment_of(pid) for name, pid in children.items()}
        sessions = {name: os.getsid(pid) for name, pid in everybody.items()}
        limits = {name: file_limit(pid) for name, pid in everybody.items()}
        told = {name: scrape(f"http://127.0.0.1:{port}") for name, port in metrics.items()}
        status = end(served)
        left = {name for name, pid in children.items() if is_running(pid)}
    return Life(greeting, children, environments, sessions, limits, told, status, left, served.stderr)


def outlive(children: Mapping[str, int]) -> None:
    """Wait for processes whose parent is gone."""
    for pid in children.values():
        wait_for_end(pid)


def file_limit(pid: int) -> int:
    """How many files it may have open, for now."""
    return resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]


def environment_of(pid: int) -> str:
    """All of its environment."""
    return Path(f"/proc/{pid}/environ").read_text(encoding="utf-8")
