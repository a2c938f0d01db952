"""The pair's users, and who looks at the console."""

from collections.abc import Iterator

import grpc
import pytest
from tokenhouse.v1.user_admin_pb2_grpc import UserAdminServiceStub

from tests.facade.endpoints.operator import Operator
from tests.facade.pair import Pair


@pytest.fixture(scope="module")
def users(pair: Pair) -> Iterator[UserAdminServiceStub]:
    """The users of the pair, as its operators' socket has them."""
    with grpc.insecure_channel(f"unix:{pair.folder / 'data' / 'admin.sock'}") as channel:
        yield UserAdminServiceStub(channel)


@pytest.fixture(scope="module")
def operator(pair: Pair) -> Operator:
    """Somebody who is signed in as the first user, an operator."""
    signed_in = Operator(pair)
    assert "Overview" in signed_in.sign_in().text
    return signed_in
