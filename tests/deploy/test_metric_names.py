"""Whatever the alert rules and the dashboard ask for is told by the two processes, and every question can be asked."""

import re
from collections import Counter

import promql_parser
import pytest

from tests.deploy.questions import Question, alert_rules, panels, questions
from tests.facade.pair import Pair
from tests.facade.road import Visit, register
from tests.scrape import scrape

#: By name, every set of labels and their values.
_Told = dict[str, list[dict[str, str]]]
#: What a scrape adds, and what only a failure brings.
_OF_PROMETHEUS = {"job", "instance"}
_STATUSES = {"rpc_response_status_code", "http_response_status_code"}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> _Told:
    """A scrape of both running processes, after somebody connected, refreshed, signed off and got lost."""
    with Pair(tmp_path_factory.mktemp("pair"), metrics=True) as pair:
        visit = Visit(pair, register(pair))
        tokens = visit.redeem(visit.code()).json()
        client = {"client_id": visit.client_id}
        refreshing = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], **client}
        assert pair.client.post("/oauth/v1/token", data=refreshing).status_code == 200
        assert pair.client.post("/oauth/v1/revoke", data={"token": tokens["access_token"], **client}).status_code == 200
        assert pair.client.get("/nowhere").status_code == 404
        samples = [sample for url in (pair.core_metrics, pair.facade_metrics) for sample in scrape(url).samples]
    found: _Told = {}
    for sample in samples:
        found.setdefault(sample.name, []).append(sample.labels)
    return found


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.title)
def test_question(told: _Told, question: Question) -> None:
    """It is PromQL; every metric in it exists, with the labels and values that are asked for, grouped by and shown."""
    available: set[str] = set()
    for selector in question.selectors:
        assert selector.name in told
        available |= {label for labels in told[selector.name] for label in labels} | _OF_PROMETHEUS
        for matcher in selector.matchers.matchers:
            values = {labels.get(matcher.name) for labels in told[selector.name]} - {None}
            assert values, f"{selector.name} has no label {matcher.name}"
            if matcher.op == promql_parser.MatchOp.Equal:
                assert matcher.value in values
            elif matcher.op == promql_parser.MatchOp.Re and matcher.name not in _STATUSES:
                assert all(each in values for each in matcher.value.split("|"))

    assert question.selectors
    assert question.grouped_by | question.shown_labels <= available


def test_nothing_is_told_in_vain(told: _Told) -> None:
    """Every metric of ours is in the dashboard or in an alert."""
    asked = {
        re.sub("_(bucket|sum|count)$", "", each.name or "") for question in questions() for each in question.selectors
    }
    names = {re.sub("_(bucket|sum|count)$", "", name) for name in told}

    assert {name for name in names if not name.startswith("process_")} <= asked


def test_alerts_say_what_is_the_matter() -> None:
    """Every alert has a name of its own, a severity and a sentence."""
    rules = alert_rules()

    assert [name for name, count in Counter(rule["alert"] for rule in rules).items() if count > 1] == []
    assert {rule["labels"]["severity"] for rule in rules} == {"critical", "warning", "info"}
    assert all(rule["annotations"]["summary"] for rule in rules)


def test_panels_have_places_of_their_own() -> None:
    """No two panels share a number or a place, and none hangs over the edge of Grafana's 24 columns."""
    taken: Counter[tuple[int, int]] = Counter()
    for panel in panels():
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        columns, rows = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
        taken.update((column, row) for column in columns for row in rows)

    assert max(taken.values()) == 1
    assert len({panel["id"] for panel in panels()}) == len(panels())
