"""What came of devices' requests and of the codes that people typed (RFC 8628)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from prometheus_client import CollectorRegistry, Counter

#: The ErrorInfo reason of a refusal.
Reason: TypeAlias = Callable[[Exception], str]


class DeviceMetrics:
    """Counters by outcome; those of an alert begin at zero, so that the first one is a rise."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._starts = Counter(
            "tokenhouse_device_authorizations",
            "Devices' requests for authorization by result",
            ("result",),
            registry=registry,
        )
        self._user_codes = Counter(
            "tokenhouse_user_codes", "User codes that people typed by result", ("result",), registry=registry
        )
        self._starts.labels("started")
        for result in ("good", "user_code_unknown", "too_many_attempts"):
            self._user_codes.labels(result)

    @contextmanager
    def counting_starts(self, reason_of: Reason) -> Iterator[None]:
        """Count one request of a device: as started, or by the reason of its refusal."""
        with _counting(self._starts, "started", reason_of):
            yield

    @contextmanager
    def counting_user_codes(self, reason_of: Reason) -> Iterator[None]:
        """Count one code: as good, or by the reason of its refusal."""
        with _counting(self._user_codes, "good", reason_of):
            yield


@contextmanager
def _counting(counter: Counter, good: str, reason_of: Reason) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        counter.labels(reason_of(error).lower()).inc()
        raise
    counter.labels(good).inc()
