"""A core, a user, and every door in front of it."""

import time
from collections.abc import Iterator

import pytest

from tests.fakes.clock import RunningClock
from tests.rpc.road import Road
from tests.serving import Serving
from tests.verifier.conftest import SETTINGS
from tests.verifier.doors.opened import DOORS, Door, opened


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A core whose time is the one that frameworks look at, too."""
    with Serving(tmp_path_factory.mktemp("core"), SETTINGS, RunningClock(int(time.time()))) as core:
        yield core


@pytest.fixture(scope="module")
def user(serving: Serving) -> Road:
    """A signed-in user and a registered client."""
    begun = Road(serving)
    begun.begin()
    return begun


@pytest.fixture(scope="module", params=DOORS)
def door(request: pytest.FixtureRequest, serving: Serving) -> Iterator[Door]:
    """Each of them."""
    with opened(request.param, serving) as made:
        yield made
