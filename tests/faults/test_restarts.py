"""Core and facade, restarted under load: no request fails. Longer, and with figures: `torture/torture_restarts.py`."""

from collections.abc import Iterator

import pytest

from tests.faults.core_process import CoreProcess
from tests.faults.facade_process import FacadeProcess
from tests.faults.steady_load import SteadyLoad

_FACADE = ("-m", "tests.faults.patient_facade")
_KINDS = {"refresh", "register", "authorize", "keys", "sign-in", "validate"}


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreProcess]:
    """A core."""
    with CoreProcess(tmp_path_factory.mktemp("restarts")) as serving:
        yield serving


@pytest.fixture(scope="module")
def facade(core: CoreProcess) -> Iterator[FacadeProcess]:
    """A facade whose listening socket somebody else holds."""
    with FacadeProcess(core.folder, command=_FACADE, hands_over=True) as serving:
        yield serving


@pytest.fixture
def load(core: CoreProcess, facade: FacadeProcess) -> Iterator[SteadyLoad]:
    """Load that has begun, and in the end no request that failed."""
    with SteadyLoad(core, facade) as running:
        while set(running.seen.answered) != _KINDS:
            running.wait_for(1)
        yield running
        running.wait_for(60)
    assert running.seen.failed == []
    assert (running.seen.refused, running.seen.reset) == (0, 0)


def test_core(core: CoreProcess, load: SteadyLoad) -> None:
    """Requests wait for the next core, and what the last one had begun it ends (README, For operators)."""
    load.wait_for(60)
    core.stop()
    core.start()


def test_facade(facade: FacadeProcess, load: SteadyLoad) -> None:
    """Connections wait at the socket for the next facade; those that there are learn by a reply that it is the last."""
    load.wait_for(60)
    facade.stop()
    facade.start()
