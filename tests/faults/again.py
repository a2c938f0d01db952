"""What clients do when a server is away: ask again."""

import time
from collections.abc import Callable
from typing import TypeVar

import grpc
import httpx

from tests.faults.http_road import Refused
from tests.patience import PATIENCE

T = TypeVar("T")

_PAUSE = 0.02


def is_away(error: Exception) -> bool:
    """The server was not reached, or was and could not answer."""
    if isinstance(error, Refused):
        return error.status == 503
    if isinstance(error, grpc.RpcError):
        return error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
    return isinstance(error, httpx.TransportError)


def until_answered(call: Callable[[], T]) -> T:
    """What the call gives or raises in the end; it is made again while the server is away."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return call()
        except (Refused, grpc.RpcError, httpx.TransportError) as error:
            if not is_away(error) or time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE)
