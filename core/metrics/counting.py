"""Counts for what happens at every call: the library's own take half a microsecond each, and validation takes four.

Plain numbers behind a lock of their own, which the library tells like any other.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from threading import Lock

from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class Count:
    """How often something has happened; safe from any thread."""

    __slots__ = ("_lock", "value")

    def __init__(self) -> None:
        self._lock = Lock()
        self.value = 0

    def add(self, number: int = 1) -> None:
        """It has happened so often again."""
        with self._lock:
            self.value += number


class Distribution:
    """How large values were, by upper bounds in ascending order; safe from any thread."""

    __slots__ = ("_bounds", "_lock", "_numbers", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._lock = Lock()
        self._numbers = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        place = bisect_left(self._bounds, value)
        with self._lock:
            self._numbers[place] += 1
            self._sum += value

    def numbers(self) -> list[tuple[str, int]]:
        """How many were in each bucket, by its upper bound, the last one infinite."""
        with self._lock:
            numbers = list(self._numbers)
        return [(f"{bound:g}", number) for bound, number in zip((*self._bounds, inf), numbers, strict=True)]

    def buckets(self) -> tuple[list[tuple[str, float]], float]:
        """How many were at most as large as each bound, the last one infinite; and their sum."""
        with self._lock:
            numbers, total = list(self._numbers), self._sum
        bounds = [str(floatToGoString(bound)) for bound in (*self._bounds, inf)]  # type: ignore[no-untyped-call]
        return [(bound, sum(numbers[: place + 1])) for place, bound in enumerate(bounds)], total


class CountCollector(Collector):
    """Counts by one label, as a counter."""

    def __init__(self, name: str, documentation: str, label: str, counts: Mapping[str, Count]) -> None:
        self._about = (name, documentation)
        self._label = label
        self._counts = counts

    def collect(self) -> Iterable[Metric]:
        family = CounterMetricFamily(*self._about, labels=(self._label,))
        for value, count in self._counts.items():
            family.add_metric([value], count.value)
        yield family


class DistributionCollector(Collector):
    """Distributions by several labels, as a histogram; new ones may be added while it is asked."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str], bounds: Sequence[float]) -> None:
        self._about = (name, documentation)
        self._labels = labels
        self._bounds = bounds
        self._distributions: dict[tuple[str, ...], Distribution] = {}

    def of(self, *values: str) -> Distribution:
        """The distribution with these values of the labels, which are few."""
        found = self._distributions.get(values)
        return found or self._distributions.setdefault(values, Distribution(self._bounds))

    def numbers(self) -> list[tuple[tuple[str, ...], list[tuple[str, int]]]]:
        """Of each combination of labels: how many values were in each bucket, by its upper bound."""
        return [(values, distribution.numbers()) for values, distribution in tuple(self._distributions.items())]

    def collect(self) -> Iterable[Metric]:
        family = HistogramMetricFamily(*self._about, labels=self._labels)
        for values, distribution in tuple(self._distributions.items()):
            buckets, total = distribution.buckets()
            family.add_metric(values, buckets=buckets, sum_value=total)
        yield family
