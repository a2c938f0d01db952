"""Calls of the core's methods; the histogram is named as OpenTelemetry's conventions for RPC name it."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from core.metrics.counting import DistributionCollector

#: Upper bounds in seconds: a validation takes a tenth of a millisecond, a login with Argon2id a tenth of a second.
DURATIONS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
#: Upper bounds of how many of something travelled together.
NUMBERS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
#: OpenTelemetry's word for what is not one of the known ones.
OTHER = "_OTHER"


class MethodCalls:
    """One method's calls; whatever can be looked up beforehand is, for validation has no time for it."""

    def __init__(self, name: str, duration: DistributionCollector, refusals: Counter, batch_items: Histogram) -> None:
        self._name = name
        self._duration = duration
        self._refusals = refusals
        self._batch_items = batch_items
        #: Count a call that was answered; in seconds.
        self.answered: Callable[[float], None] = duration.of(name, "OK").observe

    def refused(self, code: str, reason: str, seconds: float) -> None:
        """Count a call that ended with another status."""
        self._duration.of(self._name, code).observe(seconds)
        self._refusals.labels(reason).inc()

    def batch(self, items: int) -> None:
        """Note how many requests a call of the batch form brought."""
        self._batch_items.labels(self._name).observe(items)


class CallMetrics:
    """Every call of one core, on whichever listener it came."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._duration = DistributionCollector(
            "rpc_server_call_duration_seconds",
            "How long a call had a thread, by method and status",
            ("rpc_method", "rpc_response_status_code"),
            DURATIONS,
        )
        registry.register(self._duration)
        self.refusals = Counter(
            "tokenhouse_rpc_refusals",
            "Calls, and requests within batches, that were refused, by google.rpc.ErrorInfo reason",
            ("reason",),
            registry=registry,
        )
        # What alerts wait for begins at zero, so that the first one is a rise.
        for reason in ("SERVER_ERROR", "TEMPORARILY_UNAVAILABLE"):
            self.refusals.labels(reason)
        self._batch_items = Histogram(
            "tokenhouse_rpc_batch_items",
            "Requests in each batch call",
            ("rpc_method",),
            buckets=NUMBERS[:-1],
            registry=registry,
        )
        self._shed = Counter(
            "tokenhouse_rpc_shed_calls",
            "Calls turned away because too many were in flight",
            ("caller",),
            registry=registry,
        )
        self._in_flight = Gauge(
            "tokenhouse_rpc_in_flight_calls",
            "Calls that wait for a thread or have one, by who may call on that listener",
            ("caller",),
            registry=registry,
        )
        self._streams = Gauge(
            "tokenhouse_rpc_open_change_streams", "Services that watch changes at this moment", registry=registry
        )
        self._limit = Gauge(
            "tokenhouse_rpc_in_flight_calls_limit",
            "In-flight calls beyond which the next one is turned away",
            ("caller",),
            registry=registry,
        )

    def of_method(self, method: str) -> MethodCalls:
        """The calls of a method, by its full name `/package.Service/Method`."""
        return MethodCalls(method.removeprefix("/"), self._duration, self.refusals, self._batch_items)

    def durations(self) -> list[tuple[tuple[str, ...], list[tuple[str, int]]]]:
        """Of each method and status: how many calls took at most so many seconds, and longer than the bound before."""
        return self._duration.numbers()

    def unknown_method(self) -> None:
        """Count a call of a method that there is not; its name is the caller's invention."""
        self._duration.of(OTHER, "UNIMPLEMENTED").observe(0)

    def watch_streams(self, open_streams: Callable[[], float]) -> None:
        """Read how many streams of changes are open whenever somebody asks."""
        self._streams.set_function(open_streams)

    def watch(self, caller: str, in_flight: Callable[[], float], limit: int) -> Callable[[], None]:
        """Read a listener's calls in flight whenever somebody asks; what to call for each one turned away."""
        self._in_flight.labels(caller).set_function(in_flight)
        self._limit.labels(caller).set(limit)
        return self._shed.labels(caller).inc
