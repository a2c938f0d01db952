"""One running pair for the tests that only ask questions."""

from collections.abc import Iterator

import pytest

from tests.facade.pair import Pair


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A core and a facade at http://localhost, shared: a test must not change their processes or settings."""
    with Pair(tmp_path_factory.mktemp("pair")) as running:
        yield running
