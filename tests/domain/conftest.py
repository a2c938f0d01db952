"""One house for each file of tests; every test brings users and clients of its own."""

from collections.abc import Iterator

import pytest

from tests.domain.house import House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The domain over an empty store."""
    built = House(tmp_path_factory.mktemp("house") / "database")
    yield built
    built.close()
