"""Where torture tests say what they measured."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.faults.disk_shim import build_shim

Figures: TypeAlias = Callable[[str], None]


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Prints one line, whether or not the test's output is captured."""
    plugins = request.config.pluginmanager
    reporter, capture = plugins.get_plugin("terminalreporter"), plugins.get_plugin("capturemanager")
    assert reporter is not None
    assert capture is not None

    def show(line: str) -> None:
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(f"{request.node.name}: {line}")

    return show


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The preloaded disk, compiled."""
    return build_shim(tmp_path_factory.mktemp("shim"))
