"""Answers that are given again: the same as the first one, and no longer than they are true."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tokenhouse.v1 import client_admin_pb2, grant_admin_pb2, user_admin_pb2, validation_pb2

from core.domain.tokens.validation import ValidToken
from core.rpc.known_answers import KnownAnswers
from tests.rpc.road import Road
from tests.serving import DEADLINE, ISSUER

MCP = "https://mcp.example.com/mcp"
Answer = validation_pb2.ValidateTokenResponse
Ask = Callable[[Road, str, str], Answer]


def _alone(road: Road, token: str, audience: str) -> Answer:
    return road.validate(token, audience)


def _among_others(road: Road, token: str, audience: str) -> Answer:
    """In the middle of a batch."""
    requests = [
        validation_pb2.ValidateTokenRequest(token=each, audience=audience) for each in ("unknown", token, "unknown")
    ]
    batch = validation_pb2.ValidateTokensRequest(requests=requests)
    results = road.serving.validation.ValidateTokens(batch, timeout=DEADLINE).results
    assert [result.response.active for result in results[::2]] == [False, False]
    return results[1].response


WAYS = pytest.mark.parametrize("ask", [_alone, _among_others])


def _revoke_grant(road: Road, answer: Answer) -> None:
    road.serving.grants.RevokeGrant(grant_admin_pb2.RevokeGrantRequest(grant_id=answer.grant_id), timeout=DEADLINE)


def _disable_user(road: Road, answer: Answer) -> None:
    road.serving.users.DisableUser(user_admin_pb2.DisableUserRequest(username=road.username), timeout=DEADLINE)


def _delete_user(road: Road, answer: Answer) -> None:
    road.serving.users.DeleteUser(user_admin_pb2.DeleteUserRequest(username=road.username), timeout=DEADLINE)


def _delete_client(road: Road, answer: Answer) -> None:
    road.serving.clients.DeleteClient(client_admin_pb2.DeleteClientRequest(client_id=road.client_id), timeout=DEADLINE)


def _expire(road: Road, answer: Answer) -> None:
    road.serving.clock.advance(answer.expires_at - road.serving.clock.now())


@WAYS
@pytest.mark.parametrize("end", [_revoke_grant, _disable_user, _delete_user, _delete_client, _expire])
def test_an_answer_ends_with_what_it_rests_on(road: Road, ask: Ask, end: Callable[[Road, Answer], Any]) -> None:
    """README, Validation: however often a token was good, the first question after its end finds it inactive."""
    token = road.connect().access_token
    answers = [ask(road, token, ISSUER) for _ in range(3)]
    assert answers[0].active
    assert answers[0] == answers[1] == answers[2]
    end(road, answers[0])

    assert ask(road, token, ISSUER).active is False


@WAYS
def test_an_answer_follows_the_user(road: Road, ask: Ask) -> None:
    """Validation returns the groups that the user has now, and a revision that counts the change."""
    token = road.connect().access_token
    before = [ask(road, token, ISSUER) for _ in range(2)][-1]
    road.serving.users.SetGroups(
        user_admin_pb2.SetGroupsRequest(username=road.username, groups=["ops"]), timeout=DEADLINE
    )
    after = ask(road, token, ISSUER)

    assert (list(before.groups), list(after.groups)) == (["dev"], ["ops"])
    assert after.revision > before.revision


def test_what_is_kept_is_small(road: Road) -> None:
    """4,096 answers for each way of asking, 4 KB each at the most: who has hundreds of groups takes no more room."""
    written: list[int] = []

    def write(valid: ValidToken | None, revision: int) -> Answer:
        written.append(revision)
        return Answer(groups=() if valid is None else valid.user.groups)

    validation = road.serving.core._validation
    answers = KnownAnswers(validation, write)
    request = validation_pb2.ValidateTokenRequest(token=road.connect().access_token, audience=ISSUER)
    for groups, times in (["dev"], 1), ([f"{number:03}{'x' * 60}" for number in range(256)], 3):
        change = user_admin_pb2.SetGroupsRequest(username=road.username, groups=groups)
        road.serving.users.SetGroups(change, timeout=DEADLINE)
        written.clear()
        for _ in range(3):
            found = answers.find(request, validation.standing(), road.serving.clock.now(), [])
            assert list(Answer.FromString(found).groups) == groups
        assert len(written) == times


@WAYS
def test_an_answer_is_for_one_audience(road: Road, ask: Ask) -> None:
    """RFC 8707: what was answered to one resource is no answer to another."""
    token = road.connect(resource=MCP).access_token

    assert [ask(road, token, audience).active for audience in (MCP, ISSUER, MCP, "https://other.example/")] == [
        *(True, False, True, False)
    ]


@WAYS
@pytest.mark.parametrize("switch", [{"clients_enabled": False}, {"server_wide_tokens": False}])
def test_an_answer_follows_the_settings(road: Road, ask: Ask, switch: dict[str, bool]) -> None:
    """OAuthClientsEnabled and ServerWideTokens count at once, both ways."""
    token, policy = road.connect().access_token, road.serving.config.policy()
    found = [ask(road, token, MCP).active for _ in range(2)]
    try:
        road.serving.core.change_policy(replace(policy, **switch))  # type: ignore[arg-type]
        found.append(ask(road, token, MCP).active)
    finally:
        road.serving.core.change_policy(policy)

    assert [*found, ask(road, token, MCP).active] == [True, True, False, True]
