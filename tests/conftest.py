"""The order of the suite, and what one process runs of it: what takes long comes first, and a browser is shared."""

import gc
from collections.abc import Iterator, Sequence
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

# The suite says of one program the same each time: the inputs are the same (torture tries new ones), and how long one
# took, in its making or in its trial, says how busy the machine was, and nothing of the property.
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")


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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long first; otherwise as it was found."""
    items.sort(key=lambda item: _turn(item.path.parts[len(_HERE.parts) :]))


def _turn(parts: Sequence[str]) -> int:
    return _LONG.index(parts[0]) if parts[0] in _LONG else len(_LONG)
