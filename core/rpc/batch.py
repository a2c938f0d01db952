"""The batch form of a method: one answer per request, one request's failure never its neighbour's."""

from collections.abc import Sequence
from typing import TypeVar

from tokenhouse.v1.item_error_pb2 import ItemError

from core.domain.correlation import Correlated
from core.domain.errors import InvalidArgument
from core.metrics.calls import CallMetrics
from core.rpc.correlation import read_correlation_id
from core.rpc.errors import describe

MOST_ITEMS = 128
Item = TypeVar("Item")


def require_batch(requests: Sequence[Item]) -> Sequence[Item]:
    """Pass a batch of 1 to 128 requests.

    Raises:
        InvalidArgument: it is empty or too long.
    """
    if not 1 <= len(requests) <= MOST_ITEMS:
        raise InvalidArgument(f"a batch has 1 to {MOST_ITEMS} requests")
    return requests


def refuse_item(error: Exception, correlation_id: str, calls: CallMetrics) -> ItemError:
    """Why one request of a batch got no answer; counted."""
    with Correlated(read_correlation_id(correlation_id)):
        failure = describe(error)
    calls.refusals.labels(failure.reason).inc()
    return failure.to_item_error()
