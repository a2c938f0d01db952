"""The order of the suite, and what one process runs of it: what takes long comes first, and a browser is shared."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_HERE = Path(__file__).parent
#: Folders whose tests wait, or start processes; begun last they would leave one process alone with them in the end.
_LONG = (
    "flows",
    "faults",
    "verifier",
    "cli",
    "history",
    "facade",
    "rpc",
    "upstream",
    "protos",
    "clients",
    "repository",
    "attacks",
)

# How long an input took, in its making or in its trial, says how busy the machine was, and nothing of the property.
settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")


class _Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """A file of tests at a time, in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        """What one process runs; of the stories it is half, for they share a browser, a server and an MCP server; of
        signing in elsewhere all, for one provider."""
        file = nodeid.partition("::")[0]
        folder, _, name = file.rpartition("/")
        if folder.endswith("/upstream"):
            return folder
        return f"{folder} {name < 'test_m'}" if folder.endswith("/flows") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    """In the place of what `--dist loadscope` would take."""
    return _Scheduling(config, log) if config.option.dist == "loadscope" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is loaded to find the tests is no garbage, and to search it again and again costs more than a second."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Each process loads the whole suite, beginning at another place: what one has compiled is there for the others.

    In a new checkout each of four would compile every file: 38 s of CPU before the first test, in this way 30.
    """
    config = collector.config
    worker = getattr(config, "workerinput", None)
    if collector.path != _HERE or not worker or config.args != config.getini("testpaths"):
        return
    files = sorted(_HERE.rglob("test_*.py"))
    first = len(files) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for file in files[first:] + files[:first]:
        # What cannot be loaded is told when it is collected.
        with suppress(Exception):
            import_module(".".join(file.relative_to(_HERE.parent).with_suffix("").parts))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long first; otherwise as it was found."""
    items.sort(key=lambda item: _turn(item.path.parts[len(_HERE.parts) :]))


def _turn(parts: Sequence[str]) -> int:
    return _LONG.index(parts[0]) if parts[0] in _LONG else len(_LONG)
