"""One browser, one running server and one MCP server for every story that leaves them as they were."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser import get_browser
from tests.certificates import Authority
from tests.flows.browser import Person, launch_browser, sit_down
from tests.flows.mcp_server import ProtectedMcpServer
from tests.running import Running

_HERE = Path(__file__).parent
_numbers = count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every story runs in the one loop that the browser lives in."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def browser_executable() -> str:
    """The Chromium; without one the stories fail, they are never skipped."""
    return get_browser()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(browser_executable: str) -> AsyncIterator[Browser]:
    """The one browser."""
    async with launch_browser(browser_executable) as launched:
        yield launched


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Whose certificates the shared server trusts."""
    return Authority()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Running]:
    """A server for stories that neither restart nor reconfigure it; each has users of its own."""
    folder = tmp_path_factory.mktemp("running")
    with Running(folder, environment=authority.trusted_in(folder)) as started:
        yield started


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts a server for one story alone, with the settings it is given."""
    with ExitStack() as stack:
        yield lambda path="", **settings: stack.enter_context(Running(tmp_path, path, settings))


@pytest.fixture(scope="session")
def mcp_server(running: Running) -> Iterator[ProtectedMcpServer]:
    """An MCP server that trusts the shared server."""
    with ProtectedMcpServer(running) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def person(browser: Browser, running: Running) -> AsyncIterator[Person]:
    """A user of the shared server, at a browser that nobody has used."""
    username = f"ada-{next(_numbers)}"
    running.add_user(username, "analysts", "writers")
    async with sit_down(browser, username) as sitting:
        yield sitting
