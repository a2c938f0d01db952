"""The facade's calls of the core; the histogram is named as OpenTelemetry's conventions for RPC name it."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

#: Upper bounds in seconds.
_DURATIONS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
#: Upper bounds of how many requests travelled together.
_NUMBERS = (1, 2, 4, 8, 16, 32, 64, 128)


class MethodCalls:
    """One method's calls."""

    def __init__(self, name: str, duration: Histogram, retries: Counter) -> None:
        self._name = name
        self._duration = duration
        #: Count a try that was answered; in seconds.
        self.answered: Callable[[float], None] = duration.labels(name, "OK").observe
        #: Count one more try.
        self.tried_again: Callable[[], None] = retries.labels(name).inc

    def failed(self, code: str, seconds: float) -> None:
        """Count a try that ended with another status."""
        self._duration.labels(self._name, code).observe(seconds)


class CoreCallMetrics:
    """Every call, on the caller's side."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._duration = Histogram(
            "rpc_client_call_duration_seconds",
            "How long the core took to answer, by method and status; every try counts",
            ("rpc_method", "rpc_response_status_code"),
            buckets=_DURATIONS,
            registry=registry,
        )
        self._retries = Counter(
            "tokenhouse_rpc_client_retries", "Calls tried again, by method", ("rpc_method",), registry=registry
        )
        self._batches = Histogram(
            "tokenhouse_coalescer_batch_items",
            "Requests that left for the core together",
            ("rpc_method",),
            buckets=_NUMBERS,
            registry=registry,
        )
        self._waiting = Gauge(
            "tokenhouse_coalescer_waiting_requests",
            "Requests that wait for a batch to leave in",
            ("rpc_method",),
            registry=registry,
        )

    def of_method(self, name: str) -> "MethodCalls":
        """The calls of a method, by its name without the leading slash."""
        return MethodCalls(name, self._duration, self._retries)

    def coalescing(self, method: str, waiting: Callable[[], float]) -> Callable[[float], None]:
        """Read how many wait whenever somebody asks; what to call with the size of each batch."""
        self._waiting.labels(method).set_function(waiting)
        return self._batches.labels(method).observe
