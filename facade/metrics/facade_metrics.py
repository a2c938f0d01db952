"""Everything that one facade counts, in a registry of its own."""

from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics

from facade.metrics.build_info import BuildInfo
from facade.metrics.core_call_metrics import CoreCallMetrics
from facade.metrics.http_metrics import HttpMetrics

# When a counter began to count tells process_start_time_seconds already, and each would take a line of its own.
disable_created_metrics()  # type: ignore[no-untyped-call]


class FacadeMetrics:
    """Counts from the start on, whether or not anybody asks."""

    def __init__(self) -> None:
        # Described, so that a scrape may ask for some of the names alone.
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        self.registry.register(BuildInfo())
        self.http = HttpMetrics(self.registry)
        self.core_calls = CoreCallMetrics(self.registry)
