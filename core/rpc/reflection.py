"""gRPC reflection: what the contract is, for whoever may ask; on threads of its own, within bounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc_reflection.v1alpha import reflection
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest

from core.domain.errors import Refusal
from core.domain.policy import Service
from core.rpc.admission import SHED
from core.rpc.errors import describe
from core.rpc.messages import MESSAGE_BYTES, NotTaken, abort, read_message
from core.rpc.pool import CountingPool, message_came
from core.rpc.service_callers import ServiceCallers

_METHOD = f"/{reflection.SERVICE_NAME}/ServerReflectionInfo"
#: A stream holds a thread for as long as its caller likes; those of the listener are for validation.
_THREADS = 2
_MOST_STREAMS = 32


class ReflectionHandler(grpc.GenericRpcHandler):
    """The library's servicer, told apart from the listener's other calls."""

    def __init__(self, services: Sequence[str], callers: ServiceCallers | None) -> None:
        """`services` are the full names that are told, besides reflection's own."""
        servicer: Any = reflection.ReflectionServicer([*services, reflection.SERVICE_NAME])
        self._pool = CountingPool(_THREADS, "reflection")

        def call(messages: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[Message]:
            # A stream may be silent; that is why it has threads of its own.
            message_came()
            questions = (read_message(raw, ServerReflectionRequest.FromString, MESSAGE_BYTES) for raw in messages)
            try:
                if callers is not None:
                    callers.permit(context).require_service(Service.REFLECTION)
                yield from servicer.ServerReflectionInfo(questions, context)
            except NotTaken as refusal:
                abort(context, refusal.failure)
            except Refusal as refusal:
                abort(context, describe(refusal))

        call.experimental_thread_pool = self._pool  # type: ignore[attr-defined]
        self._handler: grpc.RpcMethodHandler[Any, Any] = grpc.stream_stream_rpc_method_handler(
            call, response_serializer=lambda answer: answer.SerializeToString()
        )

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        """The way to serve a call, where it is reflection's."""
        if handler_call_details.method != _METHOD:
            return None
        return self._handler if self._pool.in_flight < _MOST_STREAMS else SHED
