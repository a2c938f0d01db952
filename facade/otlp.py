"""Spans on their way to a collector: OTLP over HTTP. Loaded only where the operator has named one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata

import grpc
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_NAMESPACE, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from facade.errors import Refusal, get_answer
from facade.metrics.http_metrics import Labels
from facade.tracing import TRACEPARENT

#: For one batch of spans, in seconds; while a collector is away, a stop waits no longer than this.
_PATIENCE = 2.0
_propagator = TraceContextTextMapPropagator()


class OtlpTracing:
    """`Tracing`; sends from a thread of its own. Who may post is told by OTEL_EXPORTER_OTLP_HEADERS."""

    def __init__(self, endpoint: str, ratio: float) -> None:
        """`ratio`: the share of requests that is traced, above 0 and at most 1."""
        self._provider = TracerProvider(
            sampler=ParentBasedTraceIdRatio(ratio),
            shutdown_on_exit=False,
            resource=Resource.create(
                {
                    SERVICE_NAME: "tokenhouse-facade",
                    SERVICE_NAMESPACE: "tokenhouse",
                    SERVICE_VERSION: metadata.version("tokenhouse"),
                }
            ),
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint, timeout=_PATIENCE)))
        self._tracer = self._provider.get_tracer("tokenhouse")

    @contextmanager
    def request(self, route: str, traceparent: str) -> Iterator[None]:
        parent = _propagator.extract({TRACEPARENT: traceparent}, Context())
        span = self._tracer.start_span(route, parent, SpanKind.SERVER)
        with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            yield

    def answered(self, labels: Labels, seconds: float, correlation_id: str, reason: str) -> None:
        span = trace.get_current_span()
        if span.get_span_context().is_valid:
            _describe(span, labels, correlation_id, reason)
            return
        begun = time.time_ns() - int(seconds * 1e9)
        span = self._tracer.start_span(labels[1], Context(), SpanKind.SERVER, start_time=begun)
        _describe(span, labels, correlation_id, reason)
        span.end()

    @contextmanager
    def call(self, method: str) -> Iterator[str]:
        if not trace.get_current_span().is_recording():
            yield ""
            return
        attributes = {"rpc.system.name": "grpc", "rpc.method": method}
        with self._tracer.start_as_current_span(
            method, None, SpanKind.CLIENT, attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            carrier: dict[str, str] = {}
            _propagator.inject(carrier)
            try:
                yield carrier[TRACEPARENT]
            except grpc.aio.AioRpcError as error:
                span.set_attribute("rpc.response.status_code", error.code().name)
                span.set_status(StatusCode.ERROR)
                raise
            except Refusal as refusal:
                span.set_attribute("tokenhouse.reason", refusal.reason)
                if get_answer(refusal).status >= 500:
                    span.set_status(StatusCode.ERROR)
                raise
            span.set_attribute("rpc.response.status_code", grpc.StatusCode.OK.name)

    def stop(self) -> None:
        self._provider.shutdown()


def _describe(span: Span, labels: Labels, correlation_id: str, reason: str) -> None:
    method, route, status = labels
    span.update_name(f"{method} {route}")
    span.set_attribute("http.request.method", method)
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    span.set_attribute("tokenhouse.correlation_id", correlation_id)
    if reason:
        span.set_attribute("tokenhouse.reason", reason)
    if status >= 500:
        span.set_status(StatusCode.ERROR)
