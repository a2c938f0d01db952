"""What the facade says of a call in its metadata: the number of the HTTP request, in a batch with each item."""

import re
from collections.abc import Callable
from typing import Any

import grpc

from core.domain.correlation import Correlated

#: The metadata entry.
METADATA_KEY = "tokenhouse-correlation-id"
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


def read_correlation_id(text: str) -> str:
    """The id as it may stand in a log line; empty where it is none."""
    return text if _ID.fullmatch(text) else ""


def correlated(call: Callable[[bytes, grpc.ServicerContext], bytes]) -> Callable[[bytes, grpc.ServicerContext], bytes]:
    """The call, with its metadata's id in every line that is logged on the way."""

    def correlated_call(raw: bytes, context: grpc.ServicerContext) -> bytes:
        with Correlated(_find_id(context.invocation_metadata())):
            return call(raw, context)

    return correlated_call


def _find_id(metadata: Any) -> str:
    for key, value in metadata or ():
        if key == METADATA_KEY and isinstance(value, str):
            return read_correlation_id(value)
    return ""
