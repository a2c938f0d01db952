"""Which version runs here, looked up when somebody asks: the look-up takes longer than any other step of the start."""

import sys
from collections.abc import Iterable
from functools import cache

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class BuildInfo(Collector):
    """A constant 1 whose labels say it."""

    def describe(self) -> Iterable[Metric]:
        """The name, for whoever asks for some of the names alone."""
        return [self._family()]

    def collect(self) -> Iterable[Metric]:
        family = self._family()
        family.add_metric(["core", _version(), ".".join(map(str, sys.version_info[:3]))], 1)
        return [family]

    def _family(self) -> GaugeMetricFamily:
        return GaugeMetricFamily("tokenhouse_build_info", "What runs here", labels=("process", "version", "python"))


@cache
def _version() -> str:
    from importlib import metadata

    return metadata.version("tokenhouse")
