"""The way to the core: how channels are made, and what a failed call means."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import grpc

from tokenhouse_verifier.errors import Unavailable

VALIDATE_TOKEN = "/tokenhouse.v1.ValidationService/ValidateToken"
VALIDATE_TOKENS = "/tokenhouse.v1.ValidationService/ValidateTokens"
STREAM_VALIDATE_TOKENS = "/tokenhouse.v1.ValidationService/StreamValidateTokens"
WATCH_CHANGES = "/tokenhouse.v1.ChangesService/WatchChanges"
ACKNOWLEDGE_KEYS = "/tokenhouse.v1.ChangesService/AcknowledgeKeys"

Options: TypeAlias = Sequence[tuple[str, Any]]

#: How a channel behaves where nobody says otherwise. Times are in milliseconds.
OPTIONS: Options = (
    # A core that restarts is found again soon. A try has the time that hands take to be shaken over half the world.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 5000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # A connection that has died without a word is noticed; the core allows pings this often.
    ("grpc.keepalive_time_ms", 5000),
    ("grpc.keepalive_timeout_ms", 3000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # 128 answers about users who have every group that a user can have come to 17 MB; gRPC takes 4 by itself.
    ("grpc.max_receive_message_length", 32 * 1024 * 1024),
    # Not through a proxy that is meant for the world outside, and never over a connection that a fork has copied.
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
)

#: How much of the time that is left a stream may take to answer.
SHARE_OF_STREAM = 0.5
#: Between two tries, in seconds.
FIRST_PAUSE = 0.02
LONGEST_PAUSE = 0.5

#: A deadline that passes before its time: gRPC reckons with the wall clock, here or in the core, and it has been set.
_RETRYABLE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED)

#: What the core says beside a status that has one reason.
_REASONS = {
    grpc.StatusCode.UNAUTHENTICATED: "CALLER_UNKNOWN",
    grpc.StatusCode.PERMISSION_DENIED: "CALLER_NOT_ALLOWED",
}

NOT_IN_TIME = "the authorization server did not answer in time"


def is_retryable(error: grpc.RpcError) -> bool:
    """Whether asking again may help at once, while there is time: nothing was answered, and asking changes nothing."""
    return _code_of(error) in _RETRYABLE


def is_behind(error: grpc.RpcError) -> bool:
    """Whether the core knows less than `min_revision` says: the one precondition that ValidateToken has."""
    return _code_of(error) is grpc.StatusCode.FAILED_PRECONDITION


def unavailable(error: grpc.RpcError) -> Unavailable:
    """What a failed call means for whoever asked."""
    code = _code_of(error)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return Unavailable(NOT_IN_TIME)
    return Unavailable(f"the authorization server cannot be asked: {_REASONS.get(code, code.name)}")


def _code_of(error: grpc.RpcError) -> grpc.StatusCode:
    # Both of the library's errors have one, and neither type says so.
    code = getattr(error, "code", None)
    return code() if callable(code) else grpc.StatusCode.UNKNOWN
