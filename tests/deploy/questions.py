"""The questions that alert rules and dashboard ask, taken apart."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import promql_parser
import yaml

from tests.repository.checkout import ROOT

RULES = ROOT / "deploy" / "prometheus" / "tokenhouse.rules.yml"
_DASHBOARD = ROOT / "deploy" / "grafana" / "tokenhouse.json"


@dataclass(frozen=True)
class Question:
    """One PromQL expression, and the labels that its legend or its summary names."""

    title: str
    text: str
    shown_labels: frozenset[str]

    @property
    def nodes(self) -> list[Any]:
        """The expression's parts. Raises ValueError: it is no PromQL."""
        found: list[Any] = []
        # What Grafana puts there is a duration.
        promql_parser.walk(promql_parser.parse(self.text.replace("$__rate_interval", "5m")), found.append)
        return found

    @property
    def selectors(self) -> list[promql_parser.VectorSelector]:
        """What it asks Prometheus for."""
        return [node for node in self.nodes if isinstance(node, promql_parser.VectorSelector)]

    @property
    def grouped_by(self) -> set[str]:
        """The labels that it groups by."""
        aggregations = [node for node in self.nodes if isinstance(node, promql_parser.AggregateExpr)]
        return {label for each in aggregations if each.modifier for label in each.modifier.labels}


def alert_rules() -> list[dict[str, Any]]:
    """Every alert."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """Every panel and row of the dashboard."""
    found: list[dict[str, Any]] = json.loads(_DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return found


def questions() -> list[Question]:
    """All of both files."""
    return [*_of_rules(), *_of_panels()]


def _of_rules() -> Iterator[Question]:
    for rule in alert_rules():
        told = " ".join(rule["annotations"].values())
        yield Question(rule["alert"], rule["expr"], frozenset(re.findall(r"\$labels\.(\w+)", told)))


def _of_panels() -> Iterator[Question]:
    for panel in panels():
        for target in panel.get("targets", ()):
            labels = frozenset(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            yield Question(f"{panel['title']} {target['refId']}", target["expr"], labels)
