"""What a gRPC status from the core means: a refusal of the core's own, or that the core could not be asked."""

import logging
from collections.abc import Iterator

import grpc
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from tokenhouse.v1.item_error_pb2 import ItemError
from tokenhouse.v1.refusal_sentence_pb2 import RefusalSentence

from facade.errors import Refusal

_log = logging.getLogger("facade.core")

#: The core was not reached, is full, or did not answer in time.
_UNAVAILABLE = frozenset({Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.CANCELLED, Code.RESOURCE_EXHAUSTED})
_RETRY_AFTER = 2


def refusal_of_status(error: grpc.aio.AioRpcError) -> Refusal:
    """The refusal in a failed call; what carries no reason is unavailable or an incident, and goes to the log."""
    status = _details(error)
    for detail in status.details:
        info = ErrorInfo()
        if detail.Unpack(info) and info.domain == "tokenhouse":
            refusal = Refusal(info.reason, status.message, _retry_after(status))
            refusal.back_to = info.metadata.get("back_to", "")
            refusal.used_up = info.metadata.get("used_up", "")
            for said in _sentences(status):
                refusal.saying(said.sentence, **said.values)
            return refusal
    return _unexplained(error.code().value[0], error.details() or "")


def refusal_of_item(error: ItemError) -> Refusal:
    """The refusal of one item of a batch."""
    if error.reason:
        retry_after = error.retry_after if error.HasField("retry_after") else None
        return Refusal(error.reason, error.description, retry_after)
    return _unexplained(error.code, error.description)


def is_explained(error: grpc.aio.AioRpcError) -> bool:
    """The core itself said no, so asking again changes nothing."""
    return any(detail.Is(ErrorInfo.DESCRIPTOR) for detail in _details(error).details)


def unavailable() -> Refusal:
    """The core could not be asked; it may be in a moment."""
    return Refusal("TEMPORARILY_UNAVAILABLE", "The server cannot answer right now.", _RETRY_AFTER)


def _unexplained(code: int, details: str) -> Refusal:
    if code in _UNAVAILABLE:
        _log.warning("core unavailable: code=%d %r", code, details)
        return unavailable()
    _log.error("core failed: code=%d %r", code, details)
    return Refusal("SERVER_ERROR")


def _details(error: grpc.aio.AioRpcError) -> Status:
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            return Status.FromString(value)
    return Status()


def _sentences(status: Status) -> Iterator[RefusalSentence]:
    for detail in status.details:
        said = RefusalSentence()
        if detail.Unpack(said):
            yield said


def _retry_after(status: Status) -> int | None:
    for detail in status.details:
        retry = RetryInfo()
        if detail.Unpack(retry):
            return max(1, int(retry.retry_delay.seconds) + bool(retry.retry_delay.nanos))
    return None
