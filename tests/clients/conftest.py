"""One server for everybody who only connects to it."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.clients.plain_browser import PlainBrowser
from tests.running import Running

_numbers = count(1)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The server."""
    with Running(tmp_path_factory.mktemp("running")) as started:
        yield started


@pytest.fixture
def browser(running: Running) -> Iterator[PlainBrowser]:
    """A user of the server who has not signed in yet."""
    username = f"grace-{next(_numbers)}"
    running.add_user(username, "analysts")
    with PlainBrowser(username) as started:
        yield started
