"""One core for each file of tests, and a user and a client of its own for each test that takes a road."""

from collections.abc import Iterator

import pytest

from tests.certificates import Authority
from tests.rpc.road import Road
from tests.serving import Serving

SETTINGS = """
[OAuth]
Scope = mcp: Use MCP servers as you
Scope = files: Read your files
ScopeTranslation = files de: Ihre Dateien lesen
DefaultScope = mcp
[UpstreamProvider]
Issuer = company: https://id.example.com
ClientId = company: tokenhouse
"""


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A core that serves."""
    with Serving(tmp_path_factory.mktemp("core"), SETTINGS) as core:
        yield core


@pytest.fixture(scope="module")
def authority() -> Authority:
    """Who issues certificates, where there are any."""
    return Authority()


@pytest.fixture
def road(serving: Serving) -> Road:
    """A signed-in user and a registered client."""
    begun = Road(serving)
    begun.begin()
    return begun
