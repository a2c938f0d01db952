"""A call as a span of the trace that its caller is in."""

from collections.abc import Callable
from typing import Any

import grpc

from core.metrics.tracing import TRACEPARENT, Tracing

_Call = Callable[[bytes, grpc.ServicerContext], bytes]


def traced(call: _Call, method: str, tracing: Tracing) -> _Call:
    """The call; where its metadata names a span, with one of its own within that one."""

    def traced_call(raw: bytes, context: grpc.ServicerContext) -> bytes:
        if not (traceparent := _find(context.invocation_metadata())):
            return call(raw, context)
        with tracing.call(method, traceparent) as span:
            try:
                return call(raw, context)
            except BaseException:
                # `abort` has noted the status, and raised.
                span.refused(_status(context))
                raise

    return traced_call


def _status(context: Any) -> str:
    """What the call was ended with; the interface's types leave this method out."""
    code = context.code()
    return str(code.name) if isinstance(code, grpc.StatusCode) else grpc.StatusCode.UNKNOWN.name


def _find(metadata: Any) -> str:
    for key, value in metadata or ():
        if key == TRACEPARENT and isinstance(value, str):
            return value
    return ""
