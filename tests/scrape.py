"""One look at a process's metrics, as Prometheus takes it."""

import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.patience import PATIENCE

# Whatever proxy the environment names: these addresses are on this machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Scrape:
    """Everything that was told."""

    text: str

    @cached_property
    def samples(self) -> list[Sample]:
        """Every line."""
        return [sample for family in text_string_to_metric_families(self.text) for sample in family.samples]

    def value(self, name: str, **labels: str) -> float:
        """The sum of the samples of this name that have these labels; 0 where there is none."""
        return sum(sample.value for sample in self.samples if sample.name == name and _has(sample, labels))

    def series(self) -> set[tuple[str, frozenset[tuple[str, str]]]]:
        """Names and labels, whatever the values."""
        return {(sample.name, frozenset(sample.labels.items())) for sample in self.samples}


def scrape(url: str) -> Scrape:
    """GET /metrics at an address such as http://127.0.0.1:9464."""
    with _OPENER.open(f"{url}/metrics", timeout=PATIENCE) as answer:
        return Scrape(answer.read().decode())


def grown(before: Scrape, after: Scrape, name: str, labels: Iterable[str]) -> dict[tuple[str, ...], float]:
    """By how much the samples of a name have grown, by the values of these labels; those that have not are left out."""
    names = tuple(labels)
    found = {tuple(sample.labels[label] for label in names) for sample in after.samples if sample.name == name}
    rises = {
        values: after.value(name, **dict(zip(names, values, strict=True)))
        - before.value(name, **dict(zip(names, values, strict=True)))
        for values in found
    }
    return {values: rise for values, rise in rises.items() if rise}


def _has(sample: Sample, labels: dict[str, str]) -> bool:
    return all(sample.labels.get(name) == value for name, value in labels.items())
