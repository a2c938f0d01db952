"""ConsoleService: the operators' own services, for whoever is signed in as an operator, and for nobody else."""

import secrets
import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from tokenhouse.v1 import (
    client_admin_pb2,
    console_pb2_grpc,
    grant_admin_pb2,
    key_admin_pb2,
    overview_admin_pb2,
    session_pb2,
    user_admin_pb2,
)
from tokenhouse.v1 import console_pb2 as pb
from tokenhouse.v1.audit_admin_pb2 import AUDIT_RESULT_SUCCEEDED

from core.domain.administration.users import UserAdministration
from core.domain.errors import LoginRequired, NotAnOperator
from tests.patience import PATIENCE
from tests.rpc.audit_scenes import newest, records
from tests.rpc.road import BINDING, PASSWORD, Road, read_refusal, refused
from tests.running import wait_until
from tests.serving import DEADLINE, Serving

CODE = grpc.StatusCode
OVERVIEW = overview_admin_pb2.GetOverviewRequest()


@pytest.fixture
def console(serving: Serving) -> Any:
    """The console, as the facade calls it."""
    return console_pb2_grpc.ConsoleServiceStub(serving.channels["facade"])


@pytest.fixture
def operator(serving: Serving, console: Any) -> str:
    """The session token of an operator."""
    name = f"op-{secrets.token_hex(4)}"
    request = user_admin_pb2.CreateUserRequest(username=name, password=PASSWORD, groups=["operators"])
    serving.users.CreateUser(request, timeout=DEADLINE)
    return log_in(serving, console, name).session_token


def log_in(serving: Serving, console: Any, username: str) -> session_pb2.LogInResponse:
    """Through the console's own login."""
    asked = console.Look(pb.LookRequest(browser_binding=BINDING, get_overview=OVERVIEW), timeout=DEADLINE)
    request = session_pb2.LogInRequest(
        sealed_console=asked.login.sealed_console,
        browser_binding=BINDING,
        username=username,
        password=PASSWORD,
        network_address="192.0.2.1",
    )
    return serving.sessions.LogIn(request, timeout=DEADLINE)


def look(session_token: str, **question: Any) -> pb.LookRequest:
    """A question of somebody's."""
    return pb.LookRequest(session_token=session_token, browser_binding=BINDING, **question)


def act_of(session_token: str, **act: Any) -> pb.ActRequest:
    """An act of somebody's."""
    return pb.ActRequest(session_token=session_token, **act)


#: Every field of either oneof, with the smallest message that it takes.
QUESTIONS = [field.name for field in pb.LookRequest.DESCRIPTOR.oneofs_by_name["question"].fields]
ACTS = [field.name for field in pb.ActRequest.DESCRIPTOR.oneofs_by_name["act"].fields]


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_is_answered_to_others(road: Road, console: Any, question: str) -> None:
    """Nobody: a login, and no answer. A user who is no operator: PERMISSION_DENIED."""
    asked = console.Look(look("", **{question: {}}), timeout=DEADLINE)
    refusal = refused(console.Look, look(road.session_token, **{question: {}}))

    assert (asked.WhichOneof("outcome"), asked.operator) == ("login", "")
    assert (refusal.code, refusal.reason) == (CODE.PERMISSION_DENIED, "NOT_AN_OPERATOR")


@pytest.mark.parametrize("act", ACTS)
def test_no_act_is_done_for_others(road: Road, console: Any, act: str) -> None:
    """Nobody: UNAUTHENTICATED. A user who is no operator: PERMISSION_DENIED."""
    nobody = refused(console.Act, act_of("", **{act: {}}))
    other = refused(console.Act, act_of(road.session_token, **{act: {}}))

    assert (nobody.code, nobody.reason) == (CODE.UNAUTHENTICATED, "LOGIN_REQUIRED")
    assert (other.code, other.reason) == (CODE.PERMISSION_DENIED, "NOT_AN_OPERATOR")


def test_an_operator_sees_what_the_command_line_sees(road: Road, console: Any, operator: str) -> None:
    """Each answer is the one of admin.sock, word for word."""
    serving = road.serving
    road.connect()
    client = client_admin_pb2.GetClientRequest(client_id=road.client_id)
    grants = grant_admin_pb2.ListGrantsRequest(username=road.username)
    user = user_admin_pb2.GetUserRequest(username=road.username)
    [grant] = serving.grants.ListGrants(grants, timeout=DEADLINE).grants
    one = grant_admin_pb2.GetGrantRequest(grant_id=grant.grant_id)

    def seen(**question: Any) -> pb.LookResponse:
        answer: pb.LookResponse = console.Look(look(operator, **question), timeout=DEADLINE)
        return answer

    assert seen(get_client=client).get_client == serving.clients.GetClient(client, timeout=DEADLINE)
    assert seen(list_grants=grants).list_grants == serving.grants.ListGrants(grants, timeout=DEADLINE)
    assert seen(get_user=user).get_user == serving.users.GetUser(user, timeout=DEADLINE)
    assert seen(get_grant=one).get_grant.grant == grant
    assert seen(get_overview=OVERVIEW).get_overview.live_grants >= 1
    assert seen(get_overview=OVERVIEW).operator.startswith("op-")


def test_an_operator_cuts_a_grant_off(road: Road, console: Any, operator: str) -> None:
    """The next validation refuses the token."""
    token = road.connect().access_token
    before = road.validate(token).active
    listed = console.Look(look(operator, list_grants={"username": road.username}), timeout=DEADLINE)
    act = act_of(operator, revoke_grant={"grant_id": listed.list_grants.grants[0].grant_id})
    first, again = console.Act(act, timeout=DEADLINE), console.Act(act, timeout=DEADLINE)

    assert (before, road.validate(token).active) == (True, False)
    assert (first.revoke_grant.revoked, again.revoke_grant.revoked) == (True, False)


def test_signing_somebody_out_leaves_their_apps(road: Road, console: Any, operator: str) -> None:
    """Sessions and grants are two things: either can be ended without the other."""
    token = road.connect().access_token
    out = console.Act(act_of(operator, sign_out_user={"username": road.username}), timeout=DEADLINE)
    signed_out = road.start(road.session_token).WhichOneof("outcome")
    still = road.validate(token).active
    act = act_of(operator, revoke_user_tokens={"username": road.username})
    ended = console.Act(act, timeout=DEADLINE)

    assert (out.sign_out_user.ended_sessions, signed_out, still) == (1, "login", True)
    assert (ended.revoke_user_tokens.revoked_grants, road.validate(token).active) == (1, False)


def test_who_leaves_the_group_is_no_operator_at_the_next_call(serving: Serving, console: Any) -> None:
    """The group is looked at every time; a session that began in it is worth nothing without."""
    name = f"op-{secrets.token_hex(4)}"
    request = user_admin_pb2.CreateUserRequest(username=name, password=PASSWORD, groups=["operators"])
    serving.users.CreateUser(request, timeout=DEADLINE)
    token = log_in(serving, console, name).session_token
    answered = console.Look(look(token, get_overview=OVERVIEW), timeout=DEADLINE)
    serving.users.SetGroups(user_admin_pb2.SetGroupsRequest(username=name, groups=["others"]), timeout=DEADLINE)
    act = act_of(token, sign_out_user={"username": name})

    assert answered.operator == name
    assert refused(console.Look, look(token, get_overview=OVERVIEW)).reason == "NOT_AN_OPERATOR"
    assert refused(console.Act, act).reason == "NOT_AN_OPERATOR"


#: Every act, as it would succeed; the grant, and the key that is published, are looked for.
DONE: list[tuple[str, dict[str, Any]]] = [
    ("revoke_client_tokens", {"client_id": "{client_id}"}),
    ("delete_client", {"client_id": "{client_id}"}),
    ("block_client", {"client_id": "{client_id}"}),
    ("unblock_client", {"client_id": "{client_id}"}),
    ("disable_user", {"username": "{username}"}),
    ("enable_user", {"username": "{username}"}),
    ("sign_out_user", {"username": "{username}"}),
    ("revoke_user_tokens", {"username": "{username}"}),
    ("revoke_grant", {"grant_id": "{grant_id}"}),
    ("rotate_signing_key", {"now": False}),
    ("rotate_signing_key", {"now": True}),
    ("withdraw_signing_key", {"key_id": "{key_id}"}),
    ("clear_limits", {"all": True}),
]


def _done(road: Road, act: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The act on what is there."""
    serving = road.serving
    if act == "rotate_signing_key":
        # Where a key is published already, no other is.
        serving.keys.RotateSigningKey(key_admin_pb2.RotateSigningKeyRequest(now=True), timeout=DEADLINE)
    road.connect()
    wanted = grant_admin_pb2.ListGrantsRequest(username=road.username)
    keys = serving.keys.ListKeys(key_admin_pb2.ListKeysRequest(), timeout=DEADLINE).keys
    there = {
        "client_id": road.client_id,
        "username": road.username,
        "grant_id": serving.grants.ListGrants(wanted, timeout=DEADLINE).grants[0].grant_id,
        "key_id": next(key.key_id for key in keys if key.state == "signing"),
    }
    return {name: value.format(**there) if isinstance(value, str) else value for name, value in fields.items()}


def test_every_act_is_among_those_that_are_done_too_late() -> None:
    """Whoever adds one to the console adds it there."""
    assert {act for act, _ in DONE} == set(ACTS)


@pytest.mark.parametrize(("act", "fields"), DONE)
def test_an_operator_who_is_none_any_more_when_it_is_written(
    road: Road, console: Any, operator: str, act: str, fields: dict[str, Any]
) -> None:
    """The group is taken away after the act was let in and before its turn to be written: it is refused, and no record
    says that it was done."""
    serving, store = road.serving, road.serving.core._store
    request = act_of(operator, **{act: _done(road, act, fields)})
    name = console.Look(look(operator, get_overview=OVERVIEW), timeout=DEADLINE).operator
    subject = serving.users.GetUser(user_admin_pb2.GetUserRequest(username=name), timeout=DEADLINE).user.subject
    before, writing, turn = newest(serving), threading.Event(), threading.Event()

    def take_away(tx: Any) -> None:
        # On the writer's thread: whatever comes meanwhile is written after it.
        writing.set()
        assert turn.wait(PATIENCE)
        tx.set_groups(subject, ())

    taken = store.submit([take_away])
    try:
        # An act that came before would be in the same commit, and in nobody's sight.
        assert writing.wait(PATIENCE)
        acting = console.Act.future(request, timeout=DEADLINE)
        wait_until(lambda: store._writer.waiting > 0 or acting.done(), "the act waits for its turn")
    finally:
        turn.set()
    taken.result(PATIENCE)

    assert read_refusal(acting.exception(PATIENCE)).reason == "NOT_AN_OPERATOR"
    done = [each for each in records(serving, after_number=before) if each.result == AUDIT_RESULT_SUCCEEDED]
    assert done == []


def test_a_group_taken_away_between_look_and_write_stops_the_act(serving: Serving, road: Road, operator: str) -> None:
    """The check is the first thing in the transaction of the act: what it refuses changes nothing."""
    store = serving.core._store
    logins_ended: list[type[Exception]] = []
    for refusal in (NotAnOperator, LoginRequired):

        def check(tx: Any, refusal: type[Exception] = refusal) -> None:
            raise refusal("no longer")

        guarded = UserAdministration(
            store.guarded_by(check), serving.core._passwords, serving.clock, serving.core._randomness
        )
        with pytest.raises(refusal):
            guarded.sign_out(road.username)
        logins_ended.append(refusal)

    assert road.start(road.session_token).WhichOneof("outcome") == "consent"
    assert logins_ended == [NotAnOperator, LoginRequired]


def test_a_question_that_is_not_known_is_refused(operator: str, console: Any) -> None:
    """A newer facade asks an older core: INVALID_ARGUMENT, and nothing is done."""
    assert refused(console.Look, look(operator)).reason == "INVALID_ARGUMENT"
    assert refused(console.Act, act_of(operator)).reason == "INVALID_ARGUMENT"


def test_what_the_login_was_sealed_for_opens_nothing_else(road: Road, console: Any) -> None:
    """A console login leads to the console, and an app's to the app; of another browser neither opens."""
    sealed = console.Look(look("", get_overview=OVERVIEW), timeout=DEADLINE).login.sealed_console
    form: dict[str, Any] = {"username": road.username, "password": PASSWORD, "network_address": "192.0.2.1"}

    def refusal(**sealed_values: Any) -> str:
        return refused(road.serving.sessions.LogIn, session_pb2.LogInRequest(**form, **sealed_values)).reason

    assert refusal(sealed_console=road.start().login.sealed_request, browser_binding=BINDING) == "INVALID_REQUEST"
    assert refusal(sealed_request=sealed, browser_binding=BINDING) == "INVALID_REQUEST"
    assert refusal(sealed_console=sealed, browser_binding=b"another".ljust(32, b".")) == "INVALID_REQUEST"


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A core without a console."""
    with Serving(tmp_path_factory.mktemp("off"), "[Console]\nOperatorGroup = off\n") as core:
        yield core


def test_without_a_group_there_is_no_console(without: Serving) -> None:
    """Console.OperatorGroup = off: nobody is asked to log in, and nobody is an operator."""
    console: Any = console_pb2_grpc.ConsoleServiceStub(without.channels["facade"])

    for refusal in (
        refused(console.Look, look("", get_overview=OVERVIEW)),
        refused(console.Act, act_of("", delete_client={"client_id": "a"})),
    ):
        assert (refusal.code, refusal.reason) == (CODE.FAILED_PRECONDITION, "CONSOLE_OFF")
