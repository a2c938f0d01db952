"""HTTP requests; the histogram and the gauge are named as OpenTelemetry's conventions for HTTP name them."""

from collections.abc import Callable
from typing import TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from facade.errors import ANSWERS

#: Upper bounds in seconds: those of the conventions, and finer ones below, where most replies are.
DURATIONS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
#: The conventions' word for what is not one of the known ones.
OTHER = "_OTHER"

#: A method that the route takes, or OTHER; the route as the table has it; the status.
Labels: TypeAlias = tuple[str, str, int]


class HttpMetrics:
    """Every request of one facade. Belongs to one event loop."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._duration = Histogram(
            "http_server_request_duration_seconds",
            "From a request's being read to its reply, by method, route and status",
            ("http_request_method", "http_route", "http_response_status_code"),
            buckets=DURATIONS,
            registry=registry,
        )
        self._refusals = Counter(
            "tokenhouse_http_refusals", "Requests that were refused, by reason", ("reason",), registry=registry
        )
        self._shed = Counter(
            "tokenhouse_http_shed_requests",
            "Requests turned away because too many were in progress, those that are not among the durations, too",
            registry=registry,
        )
        self._active = Gauge("http_server_active_requests", "Requests in progress, probes aside", registry=registry)
        self._limit = Gauge(
            "tokenhouse_http_active_requests_limit",
            "Requests in progress beyond which the next one is turned away",
            registry=registry,
        )
        self._observers: dict[Labels, Callable[[float], None]] = {}

    def answered(self, labels: Labels, seconds: float) -> None:
        """Count one reply."""
        observe = self._observers.get(labels)
        if observe is None:
            observe = self._observers[labels] = self._duration.labels(*labels).observe
        observe(seconds)

    def refused(self, reason: str) -> None:
        """Count one refusal."""
        self._refusals.labels(reason if reason in ANSWERS else OTHER).inc()

    def shed(self) -> None:
        """Count one that was turned away, and is counted as a refusal and a reply like any other."""
        self._shed.inc()

    def turned_away(self, count: int) -> None:
        """Count some that were turned away unread, and nowhere else: there is no time to."""
        self._shed.inc(count)
        self._refusals.labels("TEMPORARILY_UNAVAILABLE").inc(count)

    def watch(self, active: Callable[[], float], limit: int) -> None:
        """Read the requests in progress whenever somebody asks."""
        self._active.set_function(active)
        self._limit.set(limit)
