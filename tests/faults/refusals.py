"""How a core that cannot write says so."""

from collections.abc import Callable
from typing import TypeVar

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from tests.serving import reason_of

T = TypeVar("T")


def require_unavailable(call: Callable[[], object]) -> None:
    """The call is refused: UNAVAILABLE, with a reason and when to try again."""
    with pytest.raises(grpc.RpcError) as refused:
        call()
    require_says_unavailable(refused.value)


def require_says_unavailable(error: grpc.RpcError) -> None:
    """The refusal is one that clients can act upon."""
    assert error.code() is grpc.StatusCode.UNAVAILABLE, error
    assert reason_of(error) == "TEMPORARILY_UNAVAILABLE"
    assert isinstance(error, grpc.Call)
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    assert isinstance(details, bytes)
    assert any(detail.Is(RetryInfo.DESCRIPTOR) for detail in Status.FromString(details).details)


def until_done(call: Callable[[], T], meanwhile: Callable[[], None] = lambda: None) -> T:
    """What the call gives in the end; it is asked again, after `meanwhile`, while it is refused for now."""
    while True:
        try:
            return call()
        except grpc.RpcError as error:
            require_says_unavailable(error)
        meanwhile()
