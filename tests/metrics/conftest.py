"""One core that tells its metrics, and a user and a client for each test that takes a road."""

from collections.abc import Callable, Iterator

import pytest

from tests.ports import free_port
from tests.rpc.road import Road
from tests.scrape import Scrape, scrape
from tests.serving import Serving

Look = Callable[[], Scrape]


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A core that serves."""
    settings = f"[Metrics]\nCoreListen = 127.0.0.1:{free_port()}\n[Limits]\nLoginFailures = 2/15m\n"
    with Serving(tmp_path_factory.mktemp("core"), settings) as core:
        yield core


@pytest.fixture
def road(serving: Serving) -> Road:
    """A signed-in user and a registered client."""
    begun = Road(serving)
    begun.begin()
    return begun


@pytest.fixture
def look(serving: Serving) -> Look:
    """Scrapes the core."""
    return lambda: scrape(f"http://{serving.config.metrics.core_listen}")
