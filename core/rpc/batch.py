"""The batch form of a method: one answer per request, one request's failure never its neighbour's."""

from collections.abc import Sequence
from typing import TypeVar

from core.domain.errors import InvalidArgument

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
