"""StatisticsAdminService: what the core counted, told by the minute, hour and day."""

from collections import Counter
from typing import Any

import pytest
from tokenhouse.v1 import statistics_admin_pb2 as pb
from tokenhouse.v1.statistics_admin_pb2_grpc import StatisticsAdminServiceStub

from tests.rpc.road import Road, refused
from tests.serving import DEADLINE, Serving

PERIODS = [
    (pb.STATISTICS_PERIOD_HOUR, 60, 60),
    (pb.STATISTICS_PERIOD_DAY, 24, 3600),
    (pb.STATISTICS_PERIOD_MONTH, 30, 86400),
]


def _read(serving: Serving, period: Any = pb.STATISTICS_PERIOD_HOUR) -> pb.GetStatisticsResponse:
    stub = StatisticsAdminServiceStub(serving.channels["operator"])
    return stub.GetStatistics(pb.GetStatisticsRequest(period=period), timeout=DEADLINE)


def _sums(answer: pb.GetStatisticsResponse) -> Counter[tuple[str, str]]:
    sums: Counter[tuple[str, str]] = Counter()
    for bucket in answer.buckets:
        sums.update({(figure.family, figure.name): figure.number for figure in bucket.figures})
    return sums


def test_logins_tokens_verdicts_validations_and_refusals_are_told(road: Road) -> None:
    """Each thing under its family and name, in every period alike, and over a restart."""
    serving, tokens = road.serving, road.serving.tokens
    before = _sums(_read(serving))
    connected = road.connect()
    road.validate(connected.access_token)
    road.validate("made up")
    second = tokens.IssueToken(road.refreshing(connected.refresh_token), timeout=DEADLINE).refresh_token
    tokens.IssueToken(road.refreshing(connected.refresh_token), timeout=DEADLINE)
    tokens.IssueToken(road.refreshing(second), timeout=DEADLINE)
    refused(tokens.IssueToken, road.refreshing(connected.refresh_token))
    road.log_in()
    grown = _sums(_read(serving)) - before
    serving.restart()

    assert grown["logins", "succeeded"] == 1
    assert grown["tokens", "authorization_code"] == 1
    assert grown["tokens", "refresh_token"] == 3
    assert {name: number for (family, name), number in grown.items() if family == "refreshes"} == {
        "rotated": 2,
        "replayed": 1,
        "reused": 1,
    }
    assert (grown["validations", "active"], grown["validations", "unknown"]) == (1, 1)
    assert grown["refusals", "INVALID_GRANT"] == 1
    assert sum(number for (family, _), number in grown.items() if family == "token_latency") == 5
    for period, _, _ in PERIODS:
        assert _sums(_read(serving, period))["refreshes", "reused"] >= 1


@pytest.mark.parametrize(("period", "number", "seconds"), PERIODS)
def test_each_period_has_as_many_buckets_as_it_has(serving: Serving, period: Any, number: int, seconds: int) -> None:
    """60 minutes, 24 hours, 30 days, whatever happened in them."""
    answer = _read(serving, period)

    assert (len(answer.buckets), answer.bucket_seconds) == (number, seconds)
    assert answer.buckets[-1].began_at == serving.clock.now() // seconds * seconds


def test_another_period_is_refused(serving: Serving) -> None:
    """INVALID_ARGUMENT: a newer caller's period is not this core's."""
    stub = StatisticsAdminServiceStub(serving.channels["operator"])
    raw = b"\x08\x63"

    assert refused(stub.GetStatistics, pb.GetStatisticsRequest.FromString(raw)).reason == "INVALID_ARGUMENT"
