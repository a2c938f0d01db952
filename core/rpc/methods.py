"""One gRPC method as it is served: size, deadline and form are checked, refusals become statuses, all is counted."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from core.domain.audit.refusals import Refusals
from core.metrics.calls import CallMetrics, MethodCalls
from core.metrics.tracing import Tracing
from core.rpc.admission import OVERLOADED, SHED, Room, Urgency, urgency_of
from core.rpc.audited import audited
from core.rpc.batch_streams import BatchStreams
from core.rpc.callers import MAY_CALL, Caller, listed_as, may_call
from core.rpc.correlation import correlated
from core.rpc.deadlines import time_left
from core.rpc.errors import Failure, describe
from core.rpc.giving_up import has_given_up
from core.rpc.messages import BATCH_MESSAGE_BYTES, MESSAGE_BYTES, Guard, NotTaken, abort, read_message
from core.rpc.operators import operated
from core.rpc.pool import CountingPool, message_came
from core.rpc.service_callers import ServiceCallers
from core.rpc.traced import traced

_NO_DEADLINE = Failure(grpc.StatusCode.INVALID_ARGUMENT, "DEADLINE_REQUIRED", "every call needs a deadline")
_NOT_ALLOWED = Failure(grpc.StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED", "this listener does not offer it")
_EXPIRED = Failure(
    grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "the deadline passed before the call began", retry_after=1
)

# A thread of their own: those of the listener may all be busy.
_PROBING = CountingPool(1, "probing")
#: Methods that wait on other people's servers, or read much: threads of their own, and room of their own.
_SLOW = {
    "/tokenhouse.v1.AuthorizationService/StartAuthorizationByDocument": (8, 24),
    "/tokenhouse.v1.ClientKeysService/FetchClientKeys": (4, 12),
    "/tokenhouse.v1.DeviceAuthorizationService/FetchDeviceClient": (4, 12),
    # What operators look at may count every row that there is.
    "/tokenhouse.v1.ConsoleService/Look": (2, 16),
    "/tokenhouse.v1.UpstreamService/StartUpstreamLogin": (4, 24),
    "/tokenhouse.v1.UpstreamService/FinishUpstreamLogin": (4, 24),
}


class ServedMethods(grpc.GenericRpcHandler):
    """The methods of one listener. What the caller may not use is denied."""

    def __init__(
        self,
        caller: Caller,
        room: Room,
        metrics: CallMetrics,
        callers: ServiceCallers | None = None,
        tracing: Tracing | None = None,
        refusals: Refusals | None = None,
    ) -> None:
        """`callers` are told apart where they are given; `refusals` is where those of decisions are gathered."""
        self._caller = caller
        self._room = room
        self._metrics = metrics
        self._callers = callers
        self._tracing = tracing
        self._refusals = refusals
        self._count_shed = metrics.watch(caller.name.lower(), lambda: room.taken, room.most)
        self._handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        self._urgencies: dict[str, Urgency] = {}
        self._rooms: dict[str, Room] = {}
        self._probes: set[str] = set()
        self._batch_streams = BatchStreams(tracing)

    def add_service(self, descriptor: ServiceDescriptor, servicer: object) -> None:
        """Offer those methods of the service that this caller may use."""
        for method in descriptor.methods:
            name = f"/{descriptor.full_name}/{method.name}"
            if may_call(self._caller, name):
                behaviour = audited(name, getattr(servicer, method.name), self._refusals)
                calls = self._metrics.of_method(name)
                self._handlers[name] = self._way_to_serve(method)(method, behaviour, calls, self._guard(name))
                self._urgencies[name] = urgency_of(name)
                if name in _SLOW:
                    self._set_apart(name, *_SLOW[name])
                elif method.client_streaming:
                    self._rooms[name] = self._batch_streams.room

    def add_probes(self, descriptor: ServiceDescriptor, servicer: object) -> None:
        """As `add_service`, for methods that answer however much else there is to do: who is busy is not ill."""
        before = set(self._handlers)
        self.add_service(descriptor, servicer)
        self._probes |= self._handlers.keys() - before
        for name in self._probes:
            self._run_on(_PROBING, name)

    def offers(self, descriptor: ServiceDescriptor) -> bool:
        """Whether this caller may use any method of the service."""
        return any(f"/{descriptor.full_name}/{method.name}" in self._handlers for method in descriptor.methods)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        """The way to serve a call, looked up by its full method name."""
        method = handler_call_details.method
        if method in self._handlers:
            # The server's own limit answers before it has read the message, and the caller then learns nothing but
            # CANCELLED; a refusal from a handler is read.
            room = self._rooms.get(method, self._room)
            if room.is_left_for(self._urgencies[method]) or method in self._probes:
                return self._handlers[method]
            if not self._handlers[method].request_streaming:
                # Whoever finds no room for a stream asks by calls, and is not turned away.
                self._count_shed()
            return self._refuse(method, OVERLOADED, SHED)
        if method in MAY_CALL and not may_call(self._caller, method):
            return self._refuse(method, _NOT_ALLOWED, _DENIED)
        # What no listener offers is UNIMPLEMENTED: clients that feel for newer methods fall back on that status alone.
        self._metrics.unknown_method()
        return None

    def count_too_late(self, method: str) -> None:
        """A call was not begun, since its answer would have come too late."""
        self._metrics.of_method(method).refused(_EXPIRED.code.name, _EXPIRED.reason, 0.0)

    def stop(self) -> None:
        """End the streams that would go on for as long as their callers like."""
        self._batch_streams.stop()

    def _refuse(
        self, method: str, failure: Failure, handler: grpc.RpcMethodHandler[Any, Any]
    ) -> grpc.RpcMethodHandler[Any, Any]:
        self._metrics.of_method(method).refused(failure.code.name, failure.reason, 0.0)
        return handler

    def _set_apart(self, method: str, threads: int, most: int) -> None:
        """Calls that wait long keep no thread and no room from the others."""
        pool = CountingPool(threads, method.rpartition("/")[2])
        pool.too_late = self.count_too_late
        self._rooms[method] = Room(pool, most, before=self._room)
        self._run_on(pool, method)

    def _run_on(self, pool: CountingPool, method: str) -> None:
        """Give a method other threads than the listener's; streams of answers have none."""
        if (behaviour := self._handlers[method].unary_unary) is not None:
            behaviour.experimental_thread_pool = pool  # type: ignore[attr-defined]

    def _guard(self, method: str) -> Guard:
        callers, service = self._callers, listed_as(method)
        if callers is None or service is None:
            return _let_pass
        return lambda context: callers.admit(context, service)

    def _way_to_serve(self, method: MethodDescriptor) -> Callable[..., grpc.RpcMethodHandler[Any, Any]]:
        if method.client_streaming:
            return self._batch_streams.serve
        return _serve_stream if method.server_streaming else self._serve

    def _serve(
        self,
        method: MethodDescriptor,
        behaviour: Callable[[Any, grpc.ServicerContext], Message | bytes],
        calls: MethodCalls,
        guard: Guard,
    ) -> grpc.RpcMethodHandler[Any, Any]:
        call = _checked(method, behaviour, calls, guard, tells_until=self._caller is Caller.FACADE)
        if self._tracing is not None:
            call = traced(call, f"{method.containing_service.full_name}/{method.name}", self._tracing)
        # The bytes come in as they are, so that their size and form are ours to answer for.
        attributed = {Caller.FACADE: correlated, Caller.OPERATOR: operated}.get(self._caller)
        return grpc.unary_unary_rpc_method_handler(call if attributed is None else attributed(call))


def _let_pass(_context: grpc.ServicerContext) -> None:
    """Whoever reaches the listener may."""


def _checked(
    method: MethodDescriptor,
    behaviour: Callable[[Any, grpc.ServicerContext], Message | bytes],
    calls: MethodCalls,
    guard: Guard,
    *,
    tells_until: bool,
) -> Callable[[bytes, grpc.ServicerContext], bytes]:
    from_string: Callable[[bytes], Any] = GetMessageClass(method.input_type).FromString
    is_batch = _is_batch(method)
    most = BATCH_MESSAGE_BYTES if is_batch else MESSAGE_BYTES
    answered = calls.answered

    def call(raw: bytes, context: grpc.ServicerContext) -> bytes:
        message_came()
        started = perf_counter()
        try:
            guard(context)
            if tells_until and has_given_up(context.invocation_metadata()):
                raise NotTaken(_EXPIRED)
            remaining = time_left(context)
            if remaining is None:
                raise NotTaken(_NO_DEADLINE)
            if remaining <= 0:
                raise NotTaken(_EXPIRED)
            request = read_message(raw, from_string, most)
            if is_batch:
                calls.batch(len(request.requests))
            answer = behaviour(request, context)
            serialised = answer if isinstance(answer, bytes) else answer.SerializeToString()
        except Exception as error:
            failure = error.failure if isinstance(error, NotTaken) else describe(error)
        else:
            answered(perf_counter() - started)
            return serialised
        calls.refused(failure.code.name, failure.reason, perf_counter() - started)
        return abort(context, failure)

    return call


def _serve_stream(
    method: MethodDescriptor, behaviour: Callable[..., Any], calls: MethodCalls, guard: Guard
) -> grpc.RpcMethodHandler[Any, Any]:
    """A stream of answers, which holds no thread and needs no deadline; what bounds it is the servicer's.

    `behaviour` returns at once; the third argument is what it sends with, later and from any thread.
    """
    from_string: Callable[[bytes], Any] = GetMessageClass(method.input_type).FromString

    def begin(raw: bytes, context: grpc.ServicerContext, send: Callable[[Message | None], None]) -> None:
        message_came()
        try:
            guard(context)
            behaviour(read_message(raw, from_string, MESSAGE_BYTES), context, send)
            return
        except Exception as error:
            failure = error.failure if isinstance(error, NotTaken) else describe(error)
        calls.refused(failure.code.name, failure.reason, 0.0)
        abort(context, failure)

    begin.experimental_non_blocking = True  # type: ignore[attr-defined]
    serializer = GetMessageClass(method.output_type).SerializeToString
    return grpc.unary_stream_rpc_method_handler(begin, response_serializer=serializer)


def _is_batch(method: MethodDescriptor) -> bool:
    """A batch takes a repeated field of requests."""
    return "requests" in method.input_type.fields_by_name


def _deny(raw: bytes, context: grpc.ServicerContext) -> bytes:
    abort(context, _NOT_ALLOWED)


_DENIED: grpc.RpcMethodHandler[Any, Any] = grpc.unary_unary_rpc_method_handler(_deny)
