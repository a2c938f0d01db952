"""A message as it comes in: who may send it, how large it may be, and how a call ends that is refused."""

from collections.abc import Callable
from typing import Any, NoReturn, TypeAlias

import grpc
from google.protobuf.message import DecodeError

from core.rpc.errors import Failure

MESSAGE_BYTES = 64 * 1024
BATCH_MESSAGE_BYTES = 1024 * 1024

#: Raises a refusal where whoever calls may not.
Guard: TypeAlias = Callable[[grpc.ServicerContext], None]

_TOO_LARGE = {
    most: Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", f"the message is larger than {told}")
    for most, told in ((MESSAGE_BYTES, "64 KiB"), (BATCH_MESSAGE_BYTES, "1 MiB"))
}
_MALFORMED = Failure(grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_MESSAGE", "not a message of this method")


class NotTaken(Exception):
    """A call that never reached its servicer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


def read_message(raw: bytes, from_string: Callable[[bytes], Any], most: int) -> Any:
    """The message in `raw`. Raises NotTaken: it has more than `most` (one of the two above), or is none."""
    if len(raw) > most:
        raise NotTaken(_TOO_LARGE[most])
    try:
        return from_string(raw)
    except DecodeError:
        raise NotTaken(_MALFORMED) from None


def abort(context: grpc.ServicerContext, failure: Failure) -> NoReturn:
    """End the call with this refusal."""
    context.abort_with_status(failure.to_status())
    raise AssertionError("abort_with_status always raises")
