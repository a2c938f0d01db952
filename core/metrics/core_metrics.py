"""Everything that one core counts, in a registry of its own."""

from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics

from core.metrics.build_info import BuildInfo
from core.metrics.calls import CallMetrics
from core.metrics.devices import DeviceMetrics
from core.metrics.documents import DocumentMetrics
from core.metrics.outcomes import OutcomeMetrics
from core.metrics.store import StoreMetrics

# When a counter began to count tells process_start_time_seconds already, and each would take a line of its own.
disable_created_metrics()  # type: ignore[no-untyped-call]


class CoreMetrics:
    """Counts from the start on, whether or not anybody asks."""

    def __init__(self) -> None:
        # Described, so that a scrape may ask for some of the names alone.
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        self.registry.register(BuildInfo())
        self.calls = CallMetrics(self.registry)
        self.outcomes = OutcomeMetrics(self.registry)
        self.devices = DeviceMetrics(self.registry)
        self.documents = DocumentMetrics(self.registry)
        self.store = StoreMetrics(self.registry)
