"""One gRPC method as it is served: size, deadline and form are checked, refusals become statuses."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from core.rpc.callers import MAY_CALL, Caller, may_call
from core.rpc.errors import Failure, describe
from core.rpc.pool import CountingPool

_MESSAGE_BYTES = 64 * 1024
BATCH_MESSAGE_BYTES = 1024 * 1024
#: A client that sets none has a deadline of infinity; nobody waits an hour.
_LONGEST_DEADLINE = 3600.0

_NO_DEADLINE = Failure(grpc.StatusCode.INVALID_ARGUMENT, "DEADLINE_REQUIRED", "every call needs a deadline")
_TOO_LARGE = Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", "the message is larger than 64 KiB")
_MALFORMED = Failure(grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_MESSAGE", "not a message of this method")
_NOT_ALLOWED = Failure(grpc.StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED", "this listener does not offer it")
_OVERLOADED = Failure(
    grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", "too many calls are in flight; try again", retry_after=1
)
_EXPIRED = Failure(grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "the deadline passed before the call began")


class ServedMethods(grpc.GenericRpcHandler):
    """The methods of one listener. What the caller may not use is denied."""

    def __init__(self, caller: Caller, pool: CountingPool, most_in_flight: int) -> None:
        self._caller = caller
        self._pool = pool
        self._most_in_flight = most_in_flight
        self._handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    def add_service(self, descriptor: ServiceDescriptor, servicer: object) -> None:
        """Offer those methods of the service that this caller may use."""
        for method in descriptor.methods:
            name = f"/{descriptor.full_name}/{method.name}"
            if may_call(self._caller, name):
                serve = _serve_stream if method.server_streaming else _serve
                self._handlers[name] = serve(method, getattr(servicer, method.name))

    def offers(self, descriptor: ServiceDescriptor) -> bool:
        """Whether this caller may use any method of the service."""
        return any(f"/{descriptor.full_name}/{method.name}" in self._handlers for method in descriptor.methods)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        """The way to serve a call, looked up by its full method name."""
        method = handler_call_details.method
        if method in self._handlers:
            # The server's own limit answers before it has read the message, and the caller then learns nothing but
            # CANCELLED; a refusal from a handler is read.
            return self._handlers[method] if self._pool.in_flight < self._most_in_flight else _SHED
        # What no listener offers is UNIMPLEMENTED: clients that feel for newer methods fall back on that status alone.
        return _DENIED if method in MAY_CALL and not may_call(self._caller, method) else None


def _serve(
    method: MethodDescriptor, behaviour: Callable[[Any, grpc.ServicerContext], Message | bytes]
) -> grpc.RpcMethodHandler[Any, Any]:
    request_type = GetMessageClass(method.input_type)
    most = BATCH_MESSAGE_BYTES if _is_batch(method) else _MESSAGE_BYTES

    def call(raw: bytes, context: grpc.ServicerContext) -> bytes:
        remaining = context.time_remaining()
        if remaining is None or remaining > _LONGEST_DEADLINE:
            _abort(context, _NO_DEADLINE)
        if remaining <= 0:
            _abort(context, _EXPIRED)
        request = _read(raw, request_type, most, context)
        try:
            answer = behaviour(request, context)
            return answer if isinstance(answer, bytes) else answer.SerializeToString()
        except Exception as error:
            failure = describe(error)
        _abort(context, failure)

    # The bytes come in as they are, so that their size and form are ours to answer for.
    return grpc.unary_unary_rpc_method_handler(call)


def _serve_stream(method: MethodDescriptor, behaviour: Callable[..., Any]) -> grpc.RpcMethodHandler[Any, Any]:
    """A stream of answers, which holds no thread and needs no deadline; what bounds it is the servicer's.

    `behaviour` returns at once; the third argument is what it sends with, later and from any thread.
    """
    request_type = GetMessageClass(method.input_type)

    def begin(raw: bytes, context: grpc.ServicerContext, send: Callable[[Message | None], None]) -> None:
        request = _read(raw, request_type, _MESSAGE_BYTES, context)
        try:
            behaviour(request, context, send)
            return
        except Exception as error:
            failure = describe(error)
        _abort(context, failure)

    begin.experimental_non_blocking = True  # type: ignore[attr-defined]
    serializer = GetMessageClass(method.output_type).SerializeToString
    return grpc.unary_stream_rpc_method_handler(begin, response_serializer=serializer)


def _read(raw: bytes, request_type: type[Message], most: int, context: grpc.ServicerContext) -> Message:
    if len(raw) > most:
        _abort(context, _TOO_LARGE)
    try:
        return request_type.FromString(raw)
    except DecodeError:
        _abort(context, _MALFORMED)


def _is_batch(method: MethodDescriptor) -> bool:
    """A batch takes a repeated field of requests."""
    return "requests" in method.input_type.fields_by_name


def _deny(raw: bytes, context: grpc.ServicerContext) -> bytes:
    _abort(context, _NOT_ALLOWED)


_DENIED: grpc.RpcMethodHandler[Any, Any] = grpc.unary_unary_rpc_method_handler(_deny)


def _shed(raw: bytes, context: grpc.ServicerContext) -> bytes:
    _abort(context, _OVERLOADED)


# Threads of their own: those of the listener are what there is too little of.
_shed.experimental_thread_pool = ThreadPoolExecutor(1, thread_name_prefix="shed")  # type: ignore[attr-defined]
_SHED: grpc.RpcMethodHandler[Any, Any] = grpc.unary_unary_rpc_method_handler(_shed)


def _abort(context: grpc.ServicerContext, failure: Failure) -> NoReturn:
    context.abort_with_status(failure.to_status())
    raise AssertionError("abort_with_status always raises")
