"""What came of tokens, registrations, logins, validations and revocations."""

import json
import secrets

import pytest
from tokenhouse.v1 import registration_pb2, revocation_pb2, token_pb2, user_admin_pb2, validation_pb2

from tests.metrics.conftest import Look
from tests.rpc.road import Road, refused, register
from tests.scrape import Scrape, grown
from tests.serving import DEADLINE, ISSUER, Serving, public_client

_TOKEN_REQUESTS = "tokenhouse_token_requests_total"
_VALIDATIONS = "tokenhouse_token_validations_total"


def _verdicts(before: Scrape, after: Scrape) -> dict[tuple[str, ...], float]:
    return grown(before, after, _TOKEN_REQUESTS, ("grant_type", "verdict"))


def test_refreshes_are_counted_by_verdict(road: Road, look: Look) -> None:
    """Each row of the table in README, Grants, has a number of its own, in single calls and in batches."""
    tokens, other = road.serving.tokens, Road(road.serving)
    other.begin()
    first, before = road.connect().refresh_token, look()
    second = tokens.IssueToken(road.refreshing(first), timeout=DEADLINE).refresh_token
    batch = [road.refreshing(first), road.refreshing(first[:-1]), other.refreshing(second)]
    tokens.IssueTokens(token_pb2.IssueTokensRequest(requests=batch), timeout=DEADLINE)
    third = tokens.IssueToken(road.refreshing(second), timeout=DEADLINE).refresh_token
    refused(tokens.IssueToken, road.refreshing(first))
    refused(tokens.IssueToken, road.refreshing(third))
    road.client_id = "nobody"
    refused(tokens.IssueToken, road.refreshing(third))

    assert _verdicts(before, look()) == {
        ("refresh_token", "rotated"): 2,
        ("refresh_token", "replayed"): 1,
        ("refresh_token", "forged"): 1,
        ("refresh_token", "mismatched"): 1,
        ("refresh_token", "reused"): 1,
        ("refresh_token", "ended"): 1,
        ("refresh_token", "invalid_client"): 1,
    }


def test_codes_are_counted_by_verdict(road: Road, look: Look) -> None:
    """Redeemed, repeated by the facade itself, in the wrong hands, presented again, and made up."""
    tokens, code, wrong = road.serving.tokens, road.code(), road.redeeming(road.code())
    wrong.authorization_code.code_verifier = "x" * 43
    request, before = road.redeeming(code), look()
    tokens.IssueToken(request, timeout=DEADLINE)
    tokens.IssueToken(request, timeout=DEADLINE)
    refused(tokens.IssueToken, road.redeeming(code))
    refused(tokens.IssueToken, wrong)
    refused(tokens.IssueToken, road.redeeming("thc_made-up"))

    assert _verdicts(before, look()) == {
        ("authorization_code", "redeemed"): 1,
        ("authorization_code", "repeated"): 1,
        ("authorization_code", "reused"): 1,
        ("authorization_code", "mismatched"): 1,
        ("authorization_code", "forged"): 1,
    }


def test_other_grant_types_are_one(road: Road, look: Look) -> None:
    """A request without a grant is counted under a name that nobody chose."""
    before = look()
    request = token_pb2.IssueTokenRequest(client=public_client(road.client_id), attempt_id=secrets.token_bytes(16))
    refused(road.serving.tokens.IssueToken, request)
    answer = road.serving.tokens.IssueTokens(token_pb2.IssueTokensRequest(requests=[request]), timeout=DEADLINE)

    assert answer.results[0].error.reason == "UNSUPPORTED_GRANT_TYPE"
    assert _verdicts(before, look()) == {("_OTHER", "unsupported_grant_type"): 2}


@pytest.mark.parametrize("batch", [False, True])
def test_validations_are_counted_by_result(road: Road, look: Look, batch: bool) -> None:
    """Operators see why tokens are refused; whoever asks learns only that they are."""
    tokens, other = road.connect().access_token, Road(road.serving)
    other.begin()
    revoked = other.connect()
    before = look()
    road.serving.revocation.RevokeToken(
        revocation_pb2.RevokeTokenRequest(token=revoked.access_token, client=public_client(other.client_id)),
        timeout=DEADLINE,
    )
    questions = [
        validation_pb2.ValidateTokenRequest(token=token, audience=audience)
        for token, audience in ((tokens, ISSUER), (tokens, ISSUER), (revoked.access_token, ISSUER), ("made up", ISSUER))
    ]
    service = road.serving.validation
    if batch:
        service.ValidateTokens(validation_pb2.ValidateTokensRequest(requests=questions), timeout=DEADLINE)
    else:
        for question in questions:
            service.ValidateToken(question, timeout=DEADLINE)
    after = look()

    assert grown(before, after, _VALIDATIONS, ("result",)) == {("active",): 2, ("revoked",): 1, ("unknown",): 1}
    assert grown(before, after, "tokenhouse_revocations_total", ("target",)) == {("grant",): 1}


def test_why_a_token_is_not_good(road: Road, look: Look) -> None:
    """Another audience, a disabled user and the end of its lifetime are told apart (README, Validation)."""
    narrow = road.connect(resource="https://mcp.example.com/mcp").access_token
    before = look()
    road.validate(narrow, "https://other.example.com/")
    road.serving.users.DisableUser(user_admin_pb2.DisableUserRequest(username=road.username), timeout=DEADLINE)
    road.validate(narrow, "https://mcp.example.com/mcp")
    road.serving.clock.advance(3600)
    road.validate(narrow, "https://mcp.example.com/mcp")
    after = look()

    assert grown(before, after, _VALIDATIONS, ("result",)) == {
        ("other_audience",): 1,
        ("revoked",): 1,
        ("expired",): 1,
    }
    assert grown(before, after, "tokenhouse_revocations_total", ("target",)) == {("user",): 1}


def test_logins_are_counted_by_result(road: Road, look: Look) -> None:
    """Right, wrong, and too many wrong ones."""
    before, sessions = look(), road.serving.sessions
    road.log_in()
    for _ in range(3):
        refused(sessions.LogIn, road.login_request(password="wrong"))

    assert grown(before, look(), "tokenhouse_logins_total", ("result",)) == {
        ("succeeded",): 1,
        ("login_failed",): 2,
        ("too_many_attempts",): 1,
    }


def test_registrations_are_counted_by_result(serving: Serving, look: Look) -> None:
    """Registered, or the code of RFC 7591 §3.2.2, in single calls and in batches."""
    before = look()
    register(serving)
    bad = registration_pb2.RegisterClientRequest(client_metadata=b"[]")
    good = registration_pb2.RegisterClientRequest(
        client_metadata=json.dumps({"redirect_uris": ["http://127.0.0.1/cb"]}).encode()
    )
    refused(serving.registration.RegisterClient, bad)
    batch = registration_pb2.RegisterClientsRequest(requests=[bad, good])
    serving.registration.RegisterClients(batch, timeout=DEADLINE)
    after = look()

    assert grown(before, after, "tokenhouse_client_registrations_total", ("result",)) == {
        ("registered",): 2,
        ("invalid_client_metadata",): 2,
    }
    assert grown(before, after, "tokenhouse_rpc_refusals_total", ("reason",)) == {("INVALID_CLIENT_METADATA",): 2}
