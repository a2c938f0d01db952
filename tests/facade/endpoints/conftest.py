"""Who looks at the console."""

import pytest

from tests.facade.endpoints.operator import Operator
from tests.facade.pair import Pair


@pytest.fixture(scope="module")
def operator(pair: Pair) -> Operator:
    """Somebody who is signed in as the first user, an operator."""
    signed_in = Operator(pair)
    assert "Overview" in signed_in.sign_in().text
    return signed_in
