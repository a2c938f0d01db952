"""The console is never required: whatever it shows and does, the command line and the operators' services do, too."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tokenhouse.v1 import console_pb2 as pb
from tokenhouse.v1 import console_pb2_grpc, grant_admin_pb2, key_admin_pb2, limit_admin_pb2, user_admin_pb2

from core.rpc.callers import MAY_CALL, Caller
from facade.console_acts import ACTS
from tests.cli.command import Operator
from tests.rpc.audit_scenes import newest, records
from tests.rpc.road import Road, refused
from tests.serving import DEADLINE, Serving

#: Each act of the console, by its name there, with the verb. What stands in braces is looked for.
VERBS: dict[str, tuple[str, ...]] = {
    "revoke_client_tokens": ("clients", "revoke", "{client_id}"),
    "block_client": ("clients", "block", "{client_id}"),
    "unblock_client": ("clients", "unblock", "{client_id}"),
    "delete_client": ("clients", "delete", "{client_id}"),
    "disable_user": ("users", "disable", "{username}"),
    "enable_user": ("users", "enable", "{username}"),
    "sign_out_user": ("users", "sign-out", "{username}"),
    "revoke_user_tokens": ("users", "revoke", "{username}"),
    "revoke_grant": ("grants", "revoke", "{grant_id}"),
    "rotate_signing_key": ("keys", "rotate"),
    "rotate_at_once": ("keys", "rotate", "--now"),
    "withdraw_signing_key": ("keys", "withdraw", "{key_id}"),
    "clear_limits": ("limits", "clear", "{limit_id}"),
}
#: Each question of the console, with the verb that answers it.
ANSWERS: dict[str, tuple[str, ...]] = {
    "get_overview": ("overview",),
    "list_clients": ("clients", "list"),
    "get_client": ("clients", "show", "{client_id}"),
    "list_users": ("users", "list"),
    "get_user": ("users", "show", "{username}"),
    "list_grants": ("grants", "list"),
    "get_grant": ("grants", "show", "{grant_id}"),
    "list_keys": ("keys", "list"),
    "list_connection_attempts": ("doctor", "connections"),
    "get_statistics": ("statistics", "hour"),
    "list_audit_records": ("audit", "search"),
    "list_limits": ("limits", "list"),
}
#: What has to be the case before there is something to undo.
BEFORE = {"unblock_client": "block_client", "enable_user": "disable_user", "rotate_signing_key": "rotate_at_once"}

Door = Callable[[str, dict[str, str]], Any]


def _method_of(field: Any, serving: Serving) -> tuple[str, Callable[..., Any]]:
    """The operators' own method that takes this question or act, and the way to it."""
    file = field.message_type.file
    for service in file.services_by_name.values():
        for method in service.methods:
            if method.input_type is field.message_type:
                path = f"/{service.full_name}/{method.name}"
                types = method.input_type._concrete_class, method.output_type._concrete_class
                channel = serving.channels["operator"]
                return path, channel.unary_unary(path, types[0].SerializeToString, types[1].FromString)
    raise AssertionError(f"no service of {file.name} takes {field.message_type.name}")


def _filled(verb: tuple[str, ...], there: dict[str, str]) -> list[str]:
    return [part.format(**there) for part in verb]


@pytest.fixture
def doors(serving: Serving) -> dict[str, Door]:
    """The console, for somebody who is an operator; the operators' services; the command line."""
    road = Road(serving)
    road.begin()
    groups = user_admin_pb2.SetGroupsRequest(username=road.username, groups=["operators"])
    serving.users.SetGroups(groups, timeout=DEADLINE)
    console, command = (
        console_pb2_grpc.ConsoleServiceStub(serving.channels["facade"]),
        Operator(serving.folder / "tokenhouse.conf"),
    )

    def by_console(act: str, there: dict[str, str]) -> None:
        console.Act(ACTS[act].request(there.get(ACTS[act].subject.field, ""), road.session_token), timeout=DEADLINE)

    def by_service(act: str, there: dict[str, str]) -> None:
        request = ACTS[act].request(there.get(ACTS[act].subject.field, ""), "")
        name = ACTS[act].rpc or act
        _, call = _method_of(pb.ActRequest.DESCRIPTOR.fields_by_name[name], serving)
        call(getattr(request, name), timeout=DEADLINE)

    def by_command(act: str, there: dict[str, str]) -> None:
        called = command(*_filled(VERBS[act], there))
        assert called.status == 0, called.stderr

    return {"console": by_console, "service": by_service, "command": by_command}


def _look_for(serving: Serving) -> dict[str, str]:
    """Somebody who has connected an app and mistyped a password, and the key that signs."""
    road = Road(serving)
    road.begin()
    road.connect()
    refused(serving.sessions.LogIn, road.login_request(password="wrong"))
    wanted = grant_admin_pb2.ListGrantsRequest(username=road.username)
    tries = limit_admin_pb2.ListLimitsRequest(username=road.username)
    grants = serving.grants.ListGrants(wanted, timeout=DEADLINE).grants
    limits = serving.limits.ListLimits(tries, timeout=DEADLINE).limits
    keys = serving.keys.ListKeys(key_admin_pb2.ListKeysRequest(), timeout=DEADLINE).keys
    return {
        "client_id": road.client_id,
        "username": road.username,
        "grant_id": grants[0].grant_id,
        "limit_id": limits[0].limit_id,
        "key_id": next(key.key_id for key in keys if key.state == "signing"),
    }


def test_every_act_and_question_has_a_verb() -> None:
    """Whoever adds one to the console adds it here, with the verb that does the same."""
    assert VERBS.keys() == ACTS.keys()
    fields = pb.ActRequest.DESCRIPTOR.oneofs_by_name["act"].fields
    assert {act.rpc or act.name for act in ACTS.values()} == {field.name for field in fields}
    assert ANSWERS.keys() == {field.name for field in pb.LookRequest.DESCRIPTOR.oneofs_by_name["question"].fields}


def test_every_act_and_question_is_a_method_of_the_operators(serving: Serving) -> None:
    """Of one of their services on admin.sock, which the console only hands it to."""
    oneofs = [pb.ActRequest.DESCRIPTOR.oneofs_by_name["act"], pb.LookRequest.DESCRIPTOR.oneofs_by_name["question"]]
    for field in (field for oneof in oneofs for field in oneof.fields):
        path, _ = _method_of(field, serving)
        assert Caller.OPERATOR in MAY_CALL[path]


@pytest.mark.parametrize("act", VERBS)
def test_an_act_is_the_same_by_every_door(serving: Serving, doors: dict[str, Door], act: str) -> None:
    """The audit trail tells them apart by who acted alone: the same act on the same kind of thing, done once."""
    told: dict[str, tuple[Any, ...]] = {}
    for name, door in doors.items():
        there = _look_for(serving)
        if act in BEFORE:
            doors["service"](BEFORE[act], there)
        before = newest(serving)
        door(act, there)
        [record] = records(serving, after_number=before)
        named = {there["client_id"]: "client", there["username"]: "user", there["grant_id"]: "grant"}
        target = named.get(record.target) or ("" if not record.target else "something")
        told[name] = record.act, record.result, target, bool(record.subject), bool(record.client_id)

    assert told["console"] == told["service"] == told["command"]


@pytest.mark.parametrize("question", ANSWERS)
def test_a_question_is_answered_by_the_command_line(serving: Serving, question: str) -> None:
    """In JSON for scripts, of the audit trail a line each; with what was asked for in it."""
    there = _look_for(serving)
    verb = _filled(ANSWERS[question], there)
    answer = Operator(serving.folder / "tokenhouse.conf")(*verb, "--json")
    assert (answer.status, answer.stderr) == (0, "")
    texts = answer.stdout.splitlines() if question == "list_audit_records" else [answer.stdout]
    assert all(json.loads(text) for text in texts)
    assert set(there.values()) & set(verb) <= {each for each in there.values() if each in answer.stdout}
