"""TokenService and RevocationService: each request of a batch on its own, every refusal under its registered code."""

import secrets

import grpc
import pytest
from tokenhouse.v1 import revocation_pb2, token_pb2

from tests.rpc.road import PKCE, Refused, Road, refused, register
from tests.serving import DEADLINE, Serving, public_client

Request = token_pb2.IssueTokenRequest
CODE = grpc.StatusCode


def test_the_whole_road(road: Road) -> None:
    """RFC 6749 §5.1: tokens of a code, then of a refresh; Bearer, a lifetime in seconds, scope always stated."""
    first = road.connect(scope="mcp unknown")
    assert (first.token_type, first.expires_in, first.scope) == ("Bearer", 3600, "mcp")
    second = road.serving.tokens.IssueToken(road.refreshing(first.refresh_token), timeout=DEADLINE)
    assert second.refresh_token != first.refresh_token
    for answer in (first, second):
        found = road.validate(answer.access_token)
        assert found.active
        assert found.account_active
        assert (found.username, list(found.groups), found.client_id) == (road.username, ["dev"], road.client_id)


def test_a_client_without_refresh_tokens_is_answered_without_one(road: Road) -> None:
    """token.proto: the field is absent, not empty; and refreshing is UNAUTHORIZED_CLIENT."""
    held = road.connect().refresh_token
    road.client_id = register(road.serving, grant_types=["authorization_code"])
    assert not road.connect().HasField("refresh_token")
    refusal = refused(road.serving.tokens.IssueToken, road.refreshing(held))
    assert (refusal.code, refusal.reason) == (CODE.PERMISSION_DENIED, "UNAUTHORIZED_CLIENT")


def _faulty(road: Road) -> dict[str, tuple[Request, grpc.StatusCode, str]]:
    """One request for each way to be refused at the token endpoint."""
    code = token_pb2.AuthorizationCodeGrant(code="thc_x", code_verifier=PKCE.verifier)
    attempt, client = secrets.token_bytes(16), public_client(road.client_id)
    with_secret = public_client(road.client_id)
    with_secret.client_secret = "made up"
    wider = road.refreshing(road.connect(scope="mcp").refresh_token)
    wider.refresh_token.scope = "mcp files"
    elsewhere = road.refreshing(road.connect(resource="https://mcp.example.com/mcp").refresh_token)
    elsewhere.resource.append("https://other.example.com/")
    return {
        "no grant": (Request(client=client, attempt_id=attempt), CODE.UNIMPLEMENTED, "UNSUPPORTED_GRANT_TYPE"),
        "no client": (Request(authorization_code=code, attempt_id=attempt), CODE.UNAUTHENTICATED, "INVALID_CLIENT"),
        "unknown client": (
            Request(authorization_code=code, attempt_id=attempt, client=public_client("x")),
            CODE.UNAUTHENTICATED,
            "INVALID_CLIENT",
        ),
        "a secret": (
            Request(authorization_code=code, attempt_id=attempt, client=with_secret),
            CODE.UNAUTHENTICATED,
            "INVALID_CLIENT",
        ),
        "no attempt": (Request(authorization_code=code, client=client), CODE.INVALID_ARGUMENT, "INVALID_REQUEST"),
        "unknown code": (
            Request(authorization_code=code, client=client, attempt_id=attempt),
            CODE.FAILED_PRECONDITION,
            "INVALID_GRANT",
        ),
        "unknown refresh token": (road.refreshing("thr_x"), CODE.FAILED_PRECONDITION, "INVALID_GRANT"),
        "not granted resource": (elsewhere, CODE.INVALID_ARGUMENT, "INVALID_TARGET"),
        "no refresh token": (road.refreshing(""), CODE.FAILED_PRECONDITION, "INVALID_GRANT"),
        "wider scope": (wider, CODE.INVALID_ARGUMENT, "INVALID_SCOPE"),
        "answered": (road.refreshing(road.connect().refresh_token), CODE.OK, ""),
    }


def test_refusals_alone_and_in_a_batch_are_the_same_and_touch_no_neighbour(road: Road) -> None:
    """RFC 6749 §5.2, token.proto: one status per item, in the order of the requests."""
    cases = _faulty(road)
    batch = token_pb2.IssueTokensRequest(requests=[request for request, _, _ in cases.values()])
    results = road.serving.tokens.IssueTokens(batch, timeout=DEADLINE).results
    assert len(results) == len(cases)
    for (name, (request, code, reason)), result in zip(cases.items(), results, strict=True):
        if code is CODE.OK:
            assert result.response.access_token, name
            continue
        assert (result.error.code, result.error.reason) == (code.value[0], reason), name
        alone = refused(road.serving.tokens.IssueToken, request)
        assert (alone.code, alone.reason, alone.description) == (code, reason, result.error.description), name


def test_a_full_batch_is_answered_in_order(road: Road) -> None:
    """128 refreshes of four grants in one call: each result belongs to its own request."""
    held = [road.connect(resource=f"https://{n}.example.com/").refresh_token for n in range(4)]
    requests = [road.refreshing(held[n % 4]) for n in range(128)]
    answer = road.serving.tokens.IssueTokens(token_pb2.IssueTokensRequest(requests=requests), timeout=DEADLINE)
    assert len(answer.results) == 128
    successors = [{result.response.refresh_token for result in answer.results[n::4]} for n in range(4)]
    assert [len(each) for each in successors] == [1] * 4
    assert len(set.union(*successors)) == 4
    for n, result in enumerate(answer.results):
        assert road.validate(result.response.access_token, f"https://{n % 4}.example.com/").active


def test_a_code_twice_in_one_batch_is_a_code_used_twice(road: Road) -> None:
    """RFC 9700 §4.5: inside one commit too, one wins and the grant is dead."""
    code = road.code()
    requests = [road.redeeming(code) for _ in range(5)]
    results = road.serving.tokens.IssueTokens(token_pb2.IssueTokensRequest(requests=requests), timeout=DEADLINE).results
    winners = [result.response for result in results if result.HasField("response")]
    assert len(winners) == 1
    assert {result.error.reason for result in results if result.HasField("error")} == {"INVALID_GRANT"}
    assert not road.validate(winners[0].access_token).active


def _revoke(road: Road, token: str, client_id: str = "") -> None:
    request = revocation_pb2.RevokeTokenRequest(token=token, client=public_client(client_id or road.client_id))
    road.serving.revocation.RevokeToken(request, timeout=DEADLINE)


@pytest.mark.parametrize("named", ["access_token", "refresh_token"])
def test_revoking_one_token_ends_both_for_good(road: Road, named: str) -> None:
    """RFC 7009 §2.1: answered after the revocation is on disk; seen at the next validation, and after a restart."""
    tokens = road.connect()
    _revoke(road, getattr(tokens, named))
    for _ in range(2):
        assert not road.validate(tokens.access_token).active
        assert refused(road.serving.tokens.IssueToken, road.refreshing(tokens.refresh_token)).reason == "INVALID_GRANT"
        road.serving.restart()


def test_revoking_what_is_not_ones_own_is_answered_without_effect(road: Road) -> None:
    """RFC 7009 §2.2: success for an unknown token, and for another client's; INVALID_CLIENT for nobody's request."""
    tokens = road.connect()
    _revoke(road, "unknown")
    _revoke(road, tokens.refresh_token, register(road.serving))
    assert road.validate(tokens.access_token).active
    request = revocation_pb2.RevokeTokenRequest(token=tokens.refresh_token, client=public_client("unknown"))
    refusal: Refused = refused(road.serving.revocation.RevokeToken, request)
    assert (refusal.code, refusal.reason) == (CODE.UNAUTHENTICATED, "INVALID_CLIENT")


def test_token_requests_may_be_limited_per_client_and_network(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Limits.TokenRequests: TOO_MANY_ATTEMPTS with RetryInfo; another client is not concerned."""
    with Serving(tmp_path_factory.mktemp("limited"), "[Limits]\nTokenRequests = 2/60s") as serving:
        road = Road(serving)
        road.begin()
        for _ in range(2):
            request = road.refreshing("thr_x")
            request.network_address = "192.0.2.1"
            # Asked again, it is the same try.
            for _ in range(2):
                assert refused(serving.tokens.IssueToken, request).reason == "INVALID_GRANT"
        request.attempt_id = secrets.token_bytes(16)
        refusal = refused(serving.tokens.IssueToken, request)
        assert (refusal.code, refusal.reason) == (CODE.RESOURCE_EXHAUSTED, "TOO_MANY_ATTEMPTS")
        assert refusal.retry_after == 30
        request.network_address = "192.0.2.2"
        request.attempt_id = secrets.token_bytes(16)
        assert refused(serving.tokens.IssueToken, request).reason == "INVALID_GRANT"
