"""What the facade says of a call in its metadata: the number of the HTTP request, and where it came from; in a batch
each item says so itself."""

import re
from collections.abc import Callable
from typing import Any

import grpc

from core.domain.audit.origin import ANONYMOUS, ComingFrom, Origin
from core.domain.correlation import Correlated
from core.domain.limits.network import network_of

#: The metadata entry.
METADATA_KEY = "tokenhouse-correlation-id"
#: The address of whoever sent the HTTP request.
NETWORK_ADDRESS_KEY = "tokenhouse-network-address"
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


def read_correlation_id(text: str) -> str:
    """The id as it may stand in a log line; empty where it is none."""
    return text if _ID.fullmatch(text) else ""


def correlated(call: Callable[[bytes, grpc.ServicerContext], bytes]) -> Callable[[bytes, grpc.ServicerContext], bytes]:
    """The call, with its metadata's id in every line that is logged on the way, and where it came from."""

    def correlated_call(raw: bytes, context: grpc.ServicerContext) -> bytes:
        metadata = context.invocation_metadata()
        with Correlated(_find_id(metadata)), ComingFrom(_find_origin(metadata)):
            return call(raw, context)

    return correlated_call


def _find_id(metadata: Any) -> str:
    for key, value in metadata or ():
        if key == METADATA_KEY and isinstance(value, str):
            return read_correlation_id(value)
    return ""


_FROM_NOWHERE = Origin(ANONYMOUS)


def _find_origin(metadata: Any) -> Origin:
    for key, value in metadata or ():
        if key == NETWORK_ADDRESS_KEY and isinstance(value, str) and value:
            return Origin(ANONYMOUS, network_of(value))
    return _FROM_NOWHERE
