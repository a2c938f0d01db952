"""One running pair for the verbs that ask a core."""

from collections.abc import Iterator

import pytest

from tests.cli.command import Operator
from tests.facade.pair import Pair
from tests.facade.road import Visit, register


@pytest.fixture(scope="package")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A core and a facade, shared: each test makes users and clients of its own."""
    with Pair(tmp_path_factory.mktemp("pair")) as running:
        yield running


@pytest.fixture
def operator(pair: Pair) -> Operator:
    """Whoever looks after that pair."""
    return Operator(pair.folder / "t.conf")


@pytest.fixture
def visit(pair: Pair, request: pytest.FixtureRequest) -> Visit:
    """The admin's browser at a client that this test alone has registered."""
    return Visit(pair, register(pair, name=f"Client of {request.node.nodeid}"))
