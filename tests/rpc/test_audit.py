"""AuditAdminService: each decision leaves exactly one record, with who, what, which client, from where, what came of it
and the number of the request; each refusal, too."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tokenhouse.v1 import audit_admin_pb2 as pb

from core.rpc.audited import BY_THEMSELVES, DECIDES, DECIDES_NOTHING
from core.rpc.callers import MAY_CALL, Caller
from tests.rpc.audit_account_scenes import OWNERS
from tests.rpc.audit_operations import IN_VAIN, OPERATIONS, Desk
from tests.rpc.audit_scenes import (
    ADDRESS,
    BY_OPERATOR,
    NETWORK,
    OPERATOR,
    PEOPLE,
    Scene,
    a_registration,
    consent,
    grant_of,
    newest,
    records,
    saying_yes,
    subject_of,
    typing_a_wrong_password,
)
from tests.rpc.road import PASSWORD, Road, refused
from tests.serving import DEADLINE, Serving


@pytest.mark.parametrize("scene", [*PEOPLE, *OWNERS], ids=lambda scene: scene.__name__)
def test_each_decision_leaves_one_record(road: Road, scene: Callable[[Road], Scene]) -> None:
    """Who, what, which client, from where, what came of it, and the request's number; and nothing else is recorded."""
    happening = scene(road)
    _require_one_record(road.serving, happening)


def _require_one_record(serving: Serving, scene: Scene) -> pb.AuditRecord:
    before = newest(serving)
    scene.act()
    [record] = records(serving, after_number=before)
    expected = dict(scene.record)
    expected["act"] = pb.AuditAct.Value(f"AUDIT_ACT_{expected['act']}")
    expected["result"] = pb.AuditResult.Value(f"AUDIT_RESULT_{expected.get('result', 'SUCCEEDED')}")
    assert {name: getattr(record, name) for name in expected} == expected
    assert (record.count, record.at) == (1, serving.clock.now())
    return record


@pytest.mark.parametrize("act", OPERATIONS)
def test_each_act_of_an_operator_leaves_one_record(road: Road, tmp_path: Path, act: str) -> None:
    """Who: the user whose socket it is, and the name that the command says; the same act, done again in vain or on what
    is not there, is no second success."""
    method, request, about = OPERATIONS[act](Desk(road, tmp_path))
    scene = Scene(lambda: method(request, timeout=DEADLINE, metadata=OPERATOR), {"act": act, **BY_OPERATOR, **about})
    record = _require_one_record(road.serving, scene)
    assert about or record.target


@pytest.mark.parametrize("act", IN_VAIN)
def test_what_an_operator_is_refused_is_recorded(serving: Serving, act: str) -> None:
    """With whom, what was asked for, and why not."""
    stub, method, request = IN_VAIN[act]
    before = newest(serving)
    refused(getattr(getattr(serving, stub), method), request, metadata=OPERATOR)
    [record] = records(serving, after_number=before)
    about = DECIDES[next(name for name in DECIDES if name.endswith(f"/{method}"))][1]
    assert record.act == pb.AuditAct.Value(f"AUDIT_ACT_{act}")
    assert (record.result, record.actor_name) == (pb.AUDIT_RESULT_REFUSED, "jane")
    assert record.reason in ("not_found", "invalid_argument", "failed_precondition")
    assert record.target == getattr(request, about)


def test_every_method_is_audited_or_decides_nothing() -> None:
    """core/rpc/audited.py: whoever adds a method says which; each act of operators is in the tables above."""
    asked = {name for name, callers in MAY_CALL.items() if callers & {Caller.FACADE, Caller.OPERATOR}}
    asked -= {name for name in asked if name.startswith("/grpc.health")}
    assert asked == DECIDES.keys() | BY_THEMSELVES | DECIDES_NOTHING
    assert not DECIDES.keys() & (DECIDES_NOTHING | BY_THEMSELVES)
    acts = {act.name for name, (act, _) in DECIDES.items() if MAY_CALL[name] == frozenset({Caller.OPERATOR})}
    # The clock is confirmed in `test_clock_admin.py`, where it is in doubt.
    assert acts - {"CLOCK_CONFIRM"} <= OPERATIONS.keys()


def test_what_happens_at_every_refresh_and_validation_is_counted(road: Road) -> None:
    """No record is written however often, and the numbers are there hour by hour."""
    serving, token = road.serving, road.connect()
    before, counted = newest(serving), _counts(serving)
    for _ in range(3):
        token = serving.tokens.IssueToken(road.refreshing(token.refresh_token), timeout=DEADLINE)
        road.validate(token.access_token)
    road.validate("no token")
    assert newest(serving) == before
    grown = {kind: number - counted.get(kind, 0) for kind, number in _counts(serving).items()}
    assert {kind: number for kind, number in grown.items() if number} == {
        (pb.AUDIT_ACT_REFRESH, "rotated"): 3,
        (pb.AUDIT_ACT_VALIDATION, "active"): 3,
        (pb.AUDIT_ACT_VALIDATION, "unknown"): 1,
    }


def _counts(serving: Serving) -> dict[tuple[int, str], int]:
    now = serving.clock.now()
    request = pb.ListAuditCountsRequest(since=now - now % 3600)
    found = serving.audit.ListAuditCounts(request, timeout=DEADLINE).counts
    assert {each.hour for each in found} <= {now - now % 3600}
    return {(each.act, each.reason): each.count for each in found}


def test_who_registers_again_adds_no_record(road: Road) -> None:
    """Hosted tools do so on every connection."""
    request = a_registration()
    road.serving.registration.RegisterClient(request, timeout=DEADLINE)
    before = newest(road.serving)
    road.serving.registration.RegisterClient(request, timeout=DEADLINE)
    assert newest(road.serving) == before


def test_a_second_click_and_a_repeated_request_are_no_second_decision(road: Road) -> None:
    """The same answer once more, for a browser or a facade that lost it."""
    serving, decision = road.serving, consent(road)
    serving.authorization.DecideConsent(decision, timeout=DEADLINE)
    request = road.redeeming(road.code())
    serving.tokens.IssueToken(request, timeout=DEADLINE)
    before = newest(serving)
    serving.authorization.DecideConsent(decision, timeout=DEADLINE)
    serving.tokens.IssueToken(request, timeout=DEADLINE)
    assert newest(serving) == before


def test_records_are_found_by_whatever_is_known(road: Road) -> None:
    """A user by name or subject, a client, a network, a number, an act, a result, a time; page by page, both ways."""
    serving = road.serving
    begun = newest(serving)
    saying_yes(road).act()
    typing_a_wrong_password(road).act()
    yes, wrong = pb.AUDIT_ACT_CONSENT, pb.AUDIT_ACT_LOGIN

    def found(**wanted: Any) -> list[int]:
        return [record.act for record in records(serving, after_number=begun, **wanted)]

    assert found(user=road.username.upper()) == [yes, wrong]
    assert found(user=subject_of(road)) == [yes, wrong]
    assert found(client_id=road.client_id) == [yes]
    assert found(network=ADDRESS) == found(network=NETWORK) == [yes, wrong]
    assert found(network="2001:db8::1") == []
    assert found(correlation_id="0123456789ab") == [yes, wrong]
    assert found(acts=[pb.AUDIT_ACT_LOGIN, pb.AUDIT_ACT_LOGOUT]) == [wrong]
    assert found(results=[pb.AUDIT_RESULT_REFUSED]) == [wrong]
    assert found(since=serving.clock.now() + 1) == found(until=serving.clock.now()) == []
    assert found(target=grant_of(road)) == [yes]

    first = serving.audit.ListAuditRecords(pb.ListAuditRecordsRequest(page_size=1), timeout=DEADLINE)
    second = serving.audit.ListAuditRecords(
        pb.ListAuditRecordsRequest(page_size=1, before_number=first.records[0].number), timeout=DEADLINE
    )
    assert [first.records[0].act, second.records[0].act] == [wrong, yes]
    assert first.has_more
    onward = pb.ListAuditRecordsRequest(page_size=1, after_number=begun)
    assert serving.audit.ListAuditRecords(onward, timeout=DEADLINE).records[0].act == yes
    assert refused(serving.audit.ListAuditRecords, pb.ListAuditRecordsRequest(before_number=-1)).reason == (
        "INVALID_ARGUMENT"
    )


def test_no_record_holds_a_secret(tmp_path: Path) -> None:
    """Whatever was given out or typed in on the way stands in no record, neither in the database nor in the stream."""
    stream = tmp_path / "audit.jsonl"
    with Serving(tmp_path, f"[Audit]\nStream = {stream}\n") as serving:
        road = Road(serving)
        road.begin()
        code = road.code()
        issued = serving.tokens.IssueToken(road.redeeming(code), timeout=DEADLINE)
        again = serving.tokens.IssueToken(road.refreshing(issued.refresh_token), timeout=DEADLINE)
        refused(serving.tokens.IssueToken, road.redeeming(code + "x"))
        refused(serving.sessions.LogIn, road.login_request(username=PASSWORD))
        method, request, _ = OPERATIONS["CLIENT_CREATE"](Desk(road, tmp_path))
        client = method(request, timeout=DEADLINE)
        refused(
            serving.tokens.IssueToken, replace(road, client_id=issued.refresh_token).refreshing(again.refresh_token)
        )
        told = "".join(str(record) for record in records(serving))
    told += stream.read_text()
    secret: tuple[str, ...] = (PASSWORD, road.session_token, code, client.client_secret)
    secret += tuple(token for each in (issued, again) for token in (each.access_token, each.refresh_token))
    assert all(secret)
    assert not [each for each in secret if each in told]
    assert stream.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in stream.read_text().splitlines()]
    # What is not kept is told, too.
    assert [line["reason"] for line in lines if line["act"] == "refresh"] == ["rotated", "invalid_client"]
