"""Spans on their way to a collector: OTLP over HTTP. Loaded only where the operator has named one."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_NAMESPACE, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from core.metrics.tracing import TRACEPARENT

#: For one batch of spans, in seconds; while a collector is away, a stop waits no longer than this.
_PATIENCE = 2.0
_propagator = TraceContextTextMapPropagator()


class OtlpTracing:
    """`Tracing`; sends from a thread of its own. Who may post is told by OTEL_EXPORTER_OTLP_HEADERS."""

    def __init__(self, endpoint: str) -> None:
        self._provider = TracerProvider(
            sampler=ParentBased(ALWAYS_OFF),
            shutdown_on_exit=False,
            resource=Resource.create(
                {
                    SERVICE_NAME: "tokenhouse-core",
                    SERVICE_NAMESPACE: "tokenhouse",
                    SERVICE_VERSION: metadata.version("tokenhouse"),
                }
            ),
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint, timeout=_PATIENCE)))
        self._tracer = self._provider.get_tracer("tokenhouse")

    @contextmanager
    def call(self, method: str, traceparent: str) -> Iterator["_CallSpan"]:
        span = self._tracer.start_span(
            method, _parent(traceparent), SpanKind.SERVER, {"rpc.system.name": "grpc", "rpc.method": method}
        )
        noted = _CallSpan(span)
        try:
            yield noted
        finally:
            span.set_attribute("rpc.response.status_code", noted.code)
            span.end()

    def item(self, method: str, traceparent: str, begun: int, verdict: str) -> None:
        if not traceparent:
            return
        attributes = {"rpc.system.name": "grpc", "rpc.method": method, "tokenhouse.verdict": verdict}
        self._tracer.start_span(method, _parent(traceparent), SpanKind.SERVER, attributes, start_time=begun).end()

    def stop(self) -> None:
        self._provider.shutdown()


class _CallSpan:
    def __init__(self, span: Span) -> None:
        self._span = span
        self.code = "OK"

    def refused(self, code: str) -> None:
        self.code = code
        self._span.set_status(StatusCode.ERROR)


def _parent(traceparent: str) -> Context:
    return _propagator.extract({TRACEPARENT: traceparent}, Context())
