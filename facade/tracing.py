"""Traces (W3C Trace Context), where the operator has named a collector; else nothing of this is loaded.

A span for each request, and within it one for each call of the core; what travels in a batch has a span of its own
with what it waited. Spans hold methods, routes, statuses and reasons, and nothing that a client chose.
"""

from contextlib import AbstractContextManager
from typing import Protocol

from facade.metrics.http_metrics import Labels
from facade.settings import Settings

#: The header, and the metadata entry of a call.
TRACEPARENT = "traceparent"


class Tracing(Protocol):
    """Where spans go. Belongs to one event loop."""

    def request(self, route: str, traceparent: str) -> AbstractContextManager[None]:
        """A span for a request, within that of a proxy that is trusted; empty where there is none."""

    def answered(self, labels: Labels, seconds: float, correlation_id: str, reason: str) -> None:
        """Note what came of the request in progress; one that took no waiting gets its span now."""

    def call(self, method: str) -> AbstractContextManager[str]:
        """A span for a call, `package.Service/Method`, within the request's: what it is called for the core.

        Empty where the request is not traced. `grpc.aio.AioRpcError` and Refusal that pass through are noted.
        """

    def stop(self) -> None:
        """Send what is left, or give up soon. Blocks."""


def load_tracing(settings: Settings) -> Tracing | None:
    """Where spans go; None: nothing is traced."""
    if settings.tracing_endpoint is None:
        return None
    # Loaded where it is wanted: it takes longer than the rest of the facade.
    from facade.otlp import OtlpTracing

    return OtlpTracing(settings.tracing_endpoint, settings.tracing_sample_ratio)
