"""ValidationService: an answer for every token, an error only for a question that cannot be answered."""

import grpc
from tokenhouse.v1 import grant_admin_pb2, user_admin_pb2, validation_pb2

from tests.rpc.road import Road, refused
from tests.serving import DEADLINE, ISSUER, Serving

Request = validation_pb2.ValidateTokenRequest
MCP = "https://mcp.example.com/mcp"


def test_every_field_of_an_active_answer(road: Road) -> None:
    """RFC 7662 §2.2, RFC 9068: what the token says, and the user as the user is now."""
    tokens = road.connect(resource=MCP)
    found = road.validate(tokens.access_token, MCP)
    subject = road.serving.users.GetUser(
        user_admin_pb2.GetUserRequest(username=road.username), timeout=DEADLINE
    ).user.subject
    assert found == validation_pb2.ValidateTokenResponse(
        active=True,
        subject=subject,
        client_id=road.client_id,
        scope=["mcp"],
        audience=[MCP],
        expires_at=road.serving.clock.now() + 3600,
        issued_at=road.serving.clock.now(),
        token_id=found.token_id,
        grant_id=found.grant_id,
        username=road.username,
        groups=["dev"],
        account_active=True,
        revision=found.revision,
    )
    assert found.token_id
    assert len(bytes.fromhex(found.grant_id)) == 16


def test_an_inactive_answer_says_nothing_else(road: Road) -> None:
    """CVE-2026-37979, CVE-2026-18208: byte for byte the same message, whatever the reason: a revision alone."""
    tokens = road.connect(resource=MCP)
    ended = road.connect()
    road.serving.users.DisableUser(user_admin_pb2.DisableUserRequest(username=road.username), timeout=DEADLINE)
    cases = [
        (tokens.access_token, ISSUER),
        (tokens.access_token, MCP),
        (ended.access_token, ISSUER),
        (ended.refresh_token, ISSUER),
        ("unknown", ISSUER),
        (tokens.access_token[:-1], MCP),
        ("x" * 20_000, ISSUER),
        ("\u20ac", ISSUER),
    ]
    answers = [road.validate(token, audience) for token, audience in cases]
    assert {answer.SerializeToString() for answer in answers} == {_inactive(answers[0].revision).SerializeToString()}


def test_a_question_without_a_token_or_an_audience_is_no_question(road: Road) -> None:
    """validation.proto: INVALID_ARGUMENT, since "inactive" would hide the caller's mistake."""
    token = road.connect().access_token
    for request in (Request(), Request(token=token), Request(audience=ISSUER), Request(token=token, audience="x")):
        refusal = refused(road.serving.validation.ValidateToken, request)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")


def test_a_batch_keeps_its_order_with_faults_among_it(road: Road) -> None:
    """validation.proto: 128 requests, one status per item."""
    good = [road.connect() for _ in range(3)]
    kinds = [
        Request(token=good[0].access_token, audience=ISSUER),
        Request(token="unknown", audience=ISSUER),
        Request(token=good[1].access_token),
        Request(token=good[1].access_token, audience=MCP),
        Request(audience=ISSUER),
        Request(token=good[2].access_token, audience=ISSUER),
    ]
    requests = [kinds[n % len(kinds)] for n in range(128)]
    answer = road.serving.validation.ValidateTokens(
        validation_pb2.ValidateTokensRequest(requests=requests), timeout=DEADLINE
    )
    assert len(answer.results) == 128
    expected = [road.validate(good[n].access_token).token_id for n in range(3)]
    for n, result in enumerate(answer.results):
        kind = n % len(kinds)
        if kind in (2, 4):
            assert (result.error.code, result.error.reason) == (3, "INVALID_ARGUMENT")
        elif kind == 1:
            assert result.response == _inactive(result.response.revision)
            assert result.HasField("response")
        else:
            assert result.response.token_id == expected[{0: 0, 3: 1, 5: 2}[kind]]


def test_a_batch_of_long_tokens_fits(road: Road) -> None:
    """128 tokens near 8 KiB each are a megabyte: what fits the limit is answered."""
    requests = [Request(token="x" * 8000, audience=ISSUER)] * 128
    answer = road.serving.validation.ValidateTokens(
        validation_pb2.ValidateTokensRequest(requests=requests), timeout=DEADLINE
    )
    assert not any(result.response.active or result.HasField("error") for result in answer.results)


def test_groups_set_are_seen_at_the_next_validation(road: Road) -> None:
    """Acknowledged before the caller of SetGroups is answered."""
    token = road.connect().access_token
    for groups in (["ops"], ["a", "b"], []):
        request = user_admin_pb2.SetGroupsRequest(username=road.username, groups=groups)
        road.serving.users.SetGroups(request, timeout=DEADLINE)
        assert list(road.validate(token).groups) == groups


def test_validation_survives_a_restart(road: Road) -> None:
    """What is only in memory is read again: valid stays valid, ended stays ended."""
    kept, ended = road.connect(), road.connect()
    grant_id = road.validate(ended.access_token).grant_id
    _revoke_grant(road.serving, grant_id)
    road.serving.restart()
    assert road.validate(kept.access_token).active
    assert not road.validate(ended.access_token).active


def test_an_answer_carries_the_revision_that_it_counts(road: Road) -> None:
    """validation.proto: with the revocation that was acknowledged last, before and after a restart."""
    kept, ended = road.connect(), road.connect()
    before = road.validate(kept.access_token).revision
    _revoke_grant(road.serving, road.validate(ended.access_token).grant_id)
    assert [road.validate(each.access_token).revision for each in (kept, ended)] == [before + 1] * 2
    road.serving.restart()
    assert road.validate(kept.access_token).revision == before + 1


def test_the_number_of_a_change_outlives_the_change(road: Road) -> None:
    """A core that starts after every change was purged has reached what it reached before."""
    token = road.connect().access_token
    _revoke_grant(road.serving, road.validate(token).grant_id)
    reached = road.validate(token).revision
    road.serving.clock.advance(25 * 60 * 60)
    road.serving.restart()
    assert road.validate(token).revision == reached
    assert road.serving.validation.ValidateToken(
        Request(token=token, audience=ISSUER, min_revision=reached), timeout=DEADLINE
    )


def test_a_caller_may_ask_for_at_least_a_revision(road: Road) -> None:
    """validation.proto: a core that knows less, restored from a backup, does not answer; one item of a batch alone."""
    token = road.connect().access_token
    reached = road.validate(token).revision
    known = Request(token=token, audience=ISSUER, min_revision=reached)
    unknown = Request(token=token, audience=ISSUER, min_revision=reached + 1)
    assert road.serving.validation.ValidateToken(known, timeout=DEADLINE).active
    refusal = refused(road.serving.validation.ValidateToken, unknown)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "REVISION_NOT_REACHED")
    batch = validation_pb2.ValidateTokensRequest(requests=[known, unknown])
    first, second = road.serving.validation.ValidateTokens(batch, timeout=DEADLINE).results
    assert first.response.active
    assert second.error.reason == "REVISION_NOT_REACHED"


def _inactive(revision: int) -> validation_pb2.ValidateTokenResponse:
    return validation_pb2.ValidateTokenResponse(revision=revision)


def _revoke_grant(serving: Serving, grant_id: str) -> None:
    assert serving.grants.RevokeGrant(grant_admin_pb2.RevokeGrantRequest(grant_id=grant_id), timeout=DEADLINE).revoked
