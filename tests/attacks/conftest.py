"""One running pair for every matrix over HTTP: each of them has the core crash once, and leaves it running."""

from collections.abc import Iterator

import pytest

from tests.attacks.desk import make_pair
from tests.facade.pair import Pair


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A core and a facade; the core may be started again between two tests."""
    with make_pair(tmp_path_factory.mktemp("attacked")) as running:
        yield running
