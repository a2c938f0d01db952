"""Batches on a stream, one after the other: each is answered as a call would be, without being one.

gRPC's synchronous server keeps a thread for such a stream as long as it lives. They are threads of their own, and so
many streams there may be: who finds them taken asks by calls, which costs more and tells the same. One that is silent
is ended in time, sooner where others want its place.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, NoReturn

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from core.metrics.calls import MethodCalls
from core.metrics.tracing import Tracing
from core.rpc.admission import Room
from core.rpc.errors import describe
from core.rpc.messages import BATCH_MESSAGE_BYTES, Guard, NotTaken, abort, read_message
from core.rpc.pool import CountingPool, await_message, message_came, silent_calls
from core.rpc.traced import traced

#: A thread that waits has some 50 KB.
MOST_STREAMS = 64


class BatchStreams:
    """Those of one listener."""

    def __init__(self, tracing: Tracing | None = None) -> None:
        """With `tracing`, each message is a span of the trace that its stream names."""
        self._tracing = tracing
        self._pool = CountingPool(MOST_STREAMS, "batches")
        self.room = Room(self._pool, MOST_STREAMS)
        self._stopping = threading.Event()

    def serve(
        self,
        method: MethodDescriptor,
        behaviour: Callable[[Any, grpc.ServicerContext], bytes],
        calls: MethodCalls,
        guard: Guard,
    ) -> grpc.RpcMethodHandler[Any, Any]:
        """A method that answers each message of a stream by one; `behaviour` answers one of them.

        Who calls is looked at before the first message, so that a stranger holds no thread, and anew for every message:
        the caller's entry may have been changed or withdrawn meanwhile. Each is counted as a call. What a call would be
        refused with ends the stream.
        """
        from_string: Callable[[bytes], Any] = GetMessageClass(method.input_type).FromString

        def answer(raw: bytes, context: grpc.ServicerContext) -> bytes:
            started = perf_counter()
            try:
                guard(context)
                request = read_message(raw, from_string, BATCH_MESSAGE_BYTES)
                calls.batch(len(request.requests))
                answered = behaviour(request, context)
            except Exception as error:
                return refuse(error, started, context)
            calls.answered(perf_counter() - started)
            return answered

        def refuse(error: Exception, started: float, context: grpc.ServicerContext) -> NoReturn:
            failure = error.failure if isinstance(error, NotTaken) else describe(error)
            calls.refused(failure.code.name, failure.reason, perf_counter() - started)
            abort(context, failure)

        name = f"{method.containing_service.full_name}/{method.name}"
        answer_traced = answer if self._tracing is None else traced(answer, name, self._tracing)

        def converse(messages: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            try:
                guard(context)
            except Exception as error:
                refuse(error, perf_counter(), context)
            for raw in messages:
                waited = message_came()
                answered = answer_traced(raw, context)
                # From here on, for a caller that does not take its answer holds the thread as well.
                await_message(waited)
                yield answered
                if self._stopping.is_set():
                    return

        converse.experimental_thread_pool = self._pool  # type: ignore[attr-defined]
        return grpc.stream_stream_rpc_method_handler(converse)

    def stop(self) -> None:
        """End every stream: one that waits at once, one whose message is being answered after that."""
        self._stopping.set()
        for silent in silent_calls():
            if silent.pool is self._pool:
                silent.end()
