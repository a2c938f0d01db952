"""UserAdminService: every verb, and every way to be refused."""

import secrets
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from tokenhouse.v1 import user_admin_pb2 as pb

from tests.rpc.road import PASSWORD, Road, refused
from tests.serving import DEADLINE, Serving

CODE = grpc.StatusCode


def _create(serving: Serving, username: str, password: str = PASSWORD, groups: tuple[str, ...] = ()) -> pb.User:
    request = pb.CreateUserRequest(username=username, password=password, groups=groups)
    return serving.users.CreateUser(request, timeout=DEADLINE).user


def _get(serving: Serving, username: str) -> pb.User:
    return serving.users.GetUser(pb.GetUserRequest(username=username), timeout=DEADLINE).user


def test_a_user_is_created_and_shown_as_created(serving: Serving) -> None:
    """Groups sorted and each once; no login yet; a stable subject."""
    name = f"Ada-{secrets.token_hex(4)}"
    created = _create(serving, name, groups=("ops", "dev", "ops"))
    assert created == _get(serving, name.upper()) == _get(serving, name.lower())
    assert (created.username, list(created.groups), created.disabled) == (name, ["dev", "ops"], False)
    assert created.created_at == serving.clock.now()
    assert not created.HasField("last_login_at")
    assert created.subject


def test_the_last_login_is_shown(road: Road) -> None:
    """Operators see who still comes."""
    assert _get(road.serving, road.username).last_login_at == road.serving.clock.now()


BAD = [
    {"username": ""},
    {"username": "a" * 65},
    {"username": "a b"},
    {"username": "a\nb"},
    {"password": ""},
    {"password": "seven77"},
    {"password": "x" * 1025},
    {"groups": [""]},
    {"groups": ["x" * 129]},
    {"groups": ["a\nb"]},
    {"groups": [str(n) for n in range(257)]},
]


@pytest.mark.parametrize("change", BAD, ids=lambda change: str(change)[:30])
def test_what_cannot_be_a_user_is_refused(serving: Serving, change: dict[str, Any]) -> None:
    """INVALID_ARGUMENT: an unusable name, password or group; and nothing was stored."""
    name = f"user-{secrets.token_hex(4)}"
    request = pb.CreateUserRequest(**{"username": name, "password": PASSWORD, **change})
    refusal = refused(serving.users.CreateUser, request)
    assert (refusal.code, refusal.reason) == (CODE.INVALID_ARGUMENT, "INVALID_ARGUMENT")
    assert refused(serving.users.GetUser, pb.GetUserRequest(username=name)).code is CODE.NOT_FOUND
    assert "x" * 100 not in refusal.description


def test_a_taken_name_is_refused(serving: Serving) -> None:
    """ALREADY_EXISTS without regard to case; the first one's password stays."""
    name = f"user-{secrets.token_hex(4)}"
    _create(serving, name)
    refusal = refused(serving.users.CreateUser, pb.CreateUserRequest(username=name.upper(), password="another one"))
    assert (refusal.code, refusal.reason) == (CODE.ALREADY_EXISTS, "ALREADY_EXISTS")


VERBS: dict[str, Callable[[str], Any]] = {
    "GetUser": lambda name: pb.GetUserRequest(username=name),
    "DisableUser": lambda name: pb.DisableUserRequest(username=name),
    "EnableUser": lambda name: pb.EnableUserRequest(username=name),
    "SetPassword": lambda name: pb.SetPasswordRequest(username=name, password=PASSWORD),
    "SetGroups": lambda name: pb.SetGroupsRequest(username=name, groups=["x"]),
    "DeleteUser": lambda name: pb.DeleteUserRequest(username=name),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", ["nobody", "", "x" * 10_000])
def test_every_verb_knows_no_unknown_user(serving: Serving, verb: str, name: str) -> None:
    """NOT_FOUND."""
    refusal = refused(getattr(serving.users, verb), VERBS[verb](name))
    assert (refusal.code, refusal.reason) == (CODE.NOT_FOUND, "NOT_FOUND")


def test_disabling_and_enabling(road: Road) -> None:
    """How many live grants ended is told; twice is no error; enabling revives nothing."""
    tokens = road.connect()
    road.connect()
    disable = pb.DisableUserRequest(username=road.username.upper())
    first = road.serving.users.DisableUser(disable, timeout=DEADLINE)
    assert (first.revoked_grants, first.user.disabled) == (2, True)
    assert road.serving.users.DisableUser(disable, timeout=DEADLINE).revoked_grants == 0
    assert not road.validate(tokens.access_token).active
    enabled = road.serving.users.EnableUser(pb.EnableUserRequest(username=road.username), timeout=DEADLINE)
    assert not enabled.user.disabled
    assert not road.validate(tokens.access_token).active
    road.session_token = road.log_in().session_token
    assert road.validate(road.connect().access_token).active


@pytest.mark.parametrize("keep", [True, False])
def test_a_new_password(road: Road, keep: bool) -> None:
    """The user's sessions end and, unless told otherwise, every grant; a short one changes nothing."""
    tokens = road.connect()
    short = pb.SetPasswordRequest(username=road.username, password="short")
    assert refused(road.serving.users.SetPassword, short).code is CODE.INVALID_ARGUMENT
    assert road.start(road.session_token).HasField("consent")
    request = pb.SetPasswordRequest(username=road.username, password="another password", keep_grants=keep)
    answer = road.serving.users.SetPassword(request, timeout=DEADLINE)
    assert answer.revoked_grants == (0 if keep else 1)
    assert road.validate(tokens.access_token).active is keep
    assert road.start(road.session_token).HasField("login")
    assert refused(road.serving.sessions.LogIn, road.login_request()).reason == "LOGIN_FAILED"


def test_deleting_a_user(road: Road) -> None:
    """Everything ends; the name is free again, the subject is never used again."""
    tokens = road.connect()
    subject = _get(road.serving, road.username).subject
    answer = road.serving.users.DeleteUser(pb.DeleteUserRequest(username=road.username), timeout=DEADLINE)
    assert answer.revoked_grants == 1
    assert refused(road.serving.users.GetUser, pb.GetUserRequest(username=road.username)).code is CODE.NOT_FOUND
    assert not road.validate(tokens.access_token).active
    assert _create(road.serving, road.username).subject != subject
    assert not road.validate(tokens.access_token).active


def test_a_listing_goes_page_by_page(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Sorted by name without regard to case, nothing twice, nothing left out."""
    names = ["alpha", "Bravo", "charlie", "Delta", "echo"]
    with Serving(tmp_path_factory.mktemp("users")) as serving:
        for name in reversed(names):
            _create(serving, name)
        seen, after = [], ""
        while True:
            request = pb.ListUsersRequest(page_size=2, after_username=after)
            page = serving.users.ListUsers(request, timeout=DEADLINE)
            seen += [user.username for user in page.users]
            after = seen[-1]
            if not page.has_more:
                break
        assert seen == names
        assert len(serving.users.ListUsers(pb.ListUsersRequest(), timeout=DEADLINE).users) == 5
        for size in (-1, 501):
            refusal = refused(serving.users.ListUsers, pb.ListUsersRequest(page_size=size))
            assert refusal.code is CODE.INVALID_ARGUMENT
