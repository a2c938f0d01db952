"""Envoy's question, as the core answers it: Check over gRPC, without the proxy. With it: tests/deploy/test_envoy.py."""

import json
from collections.abc import Iterator
from dataclasses import replace

import grpc
import pytest
from google.rpc import code_pb2
from tokenhouse.envoy import authorization_pb2 as pb
from tokenhouse.envoy import authorization_pb2_grpc
from tokenhouse.v1 import grant_admin_pb2, user_admin_pb2

from tests.certificates import Authority, dns
from tests.rpc.road import Road, refused
from tests.rpc.service_calls import MUTUAL_TLS, calling, write_certificates
from tests.serving import DEADLINE, ISSUER, Serving

MCP = "https://mcp.example.com/mcp"
MAIL = "https://mail.example.com/"
METADATA = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"
INVALID = 'Bearer error="invalid_token", error_description="the token is expired, revoked, or not for this service"'


@pytest.fixture(scope="module")
def authority() -> Authority:
    """Who issues the certificates of the core and of the proxies."""
    return Authority()


def _request(extensions: dict[str, str], **headers: str) -> pb.CheckRequest:
    http = pb.HttpRequest(headers={name.replace("_", "-"): value for name, value in headers.items()})
    return pb.CheckRequest(attributes=pb.AttributeContext(request=pb.Request(http=http), context_extensions=extensions))


def _check(channel: grpc.Channel, request: pb.CheckRequest) -> pb.CheckResponse:
    return authorization_pb2_grpc.AuthorizationStub(channel).Check(request, timeout=DEADLINE)


def _ask(serving: Serving, authorization: str | None, audience: str = MCP, **extensions: str) -> pb.CheckResponse:
    headers = {} if authorization is None else {"authorization": authorization}
    return _check(serving.channels["service"], _request({"audience": audience, **extensions}, **headers))


def _told(answer: pb.CheckResponse) -> dict[str, str]:
    """The headers that the service gets, each replacing what the client sent."""
    assert answer.status.code == code_pb2.OK
    options = answer.ok_response.headers
    assert all(option.HasField("append") and not option.append.value for option in options)
    return {option.header.key: option.header.value for option in options}


def _denied(answer: pb.CheckResponse) -> tuple[int, str]:
    """The status and the challenge that the client gets."""
    assert answer.status.code in (code_pb2.UNAUTHENTICATED, code_pb2.PERMISSION_DENIED)
    denied = answer.denied_response
    headers = {option.header.key: option.header.value for option in denied.headers}
    assert headers["cache-control"] == "no-store"
    assert headers["content-type"] == "application/json"
    assert json.loads(denied.body)["error_description"]
    return denied.status.code, headers["www-authenticate"]


def test_what_passes_is_a_use_of_its_grant(road: Road) -> None:
    """Operators see at which service behind Envoy a grant was used last; a refusal is no use."""
    serving, token = road.serving, road.connect(resource=MCP).access_token
    _ask(serving, f"Bearer {token}x")
    _ask(serving, f"Bearer {token}")
    serving.core._uses.write_down()
    listed = grant_admin_pb2.ListGrantsRequest(username=road.username)
    [grant] = serving.grants.ListGrants(listed, timeout=DEADLINE).grants
    one = grant_admin_pb2.GetGrantRequest(grant_id=grant.grant_id)
    [use] = serving.grants.GetGrant(one, timeout=DEADLINE).grant.uses
    assert (use.service, use.last_used_at) == (MCP, serving.clock.now())


def test_a_good_token_passes_under_its_users_name(road: Road) -> None:
    """README, Behind Envoy: every header, from the token and from the user as the user is now."""
    token = road.connect(resource=MCP).access_token
    valid = road.validate(token, MCP)
    answer = _ask(road.serving, f"Bearer {token}")
    assert _told(answer) == {
        "x-tokenhouse-subject": valid.subject,
        "x-tokenhouse-username": road.username,
        "x-tokenhouse-groups": "dev",
        "x-tokenhouse-client-id": road.client_id,
        "x-tokenhouse-scope": "mcp",
        "x-tokenhouse-grant-id": valid.grant_id,
    }
    assert list(answer.ok_response.headers_to_remove) == []


def test_server_wide_tokens_pass_too(road: Road) -> None:
    """As at ValidateToken; and the scheme's name is read in any case (RFC 9110 §11.1)."""
    token = road.connect().access_token
    assert _told(_ask(road.serving, f"bearer {token}"))["x-tokenhouse-username"] == road.username
    assert _told(_ask(road.serving, f"Bearer {token}", ISSUER))


def test_names_and_groups_are_escaped(road: Road) -> None:
    """A header is ASCII and groups stand between commas: what is neither, and the percent sign, is percent-encoded."""
    groups = ["a,b", "data science", "100%", "\u00fcber", 'p"q\\']
    request = user_admin_pb2.SetGroupsRequest(username=road.username, groups=groups)
    road.serving.users.SetGroups(request, timeout=DEADLINE)
    told = _told(_ask(road.serving, f"Bearer {road.connect().access_token}"))["x-tokenhouse-groups"]
    assert sorted(told.split(",")) == sorted(["a%2Cb", "data%20science", "100%25", "%C3%BCber", 'p"q\\'])


def test_what_a_client_says_of_itself_is_removed(road: Road) -> None:
    """CVE-2025-64484: every spelling of the prefix, with underscores too; what is set replaces, what is not goes."""
    request = user_admin_pb2.SetGroupsRequest(username=road.username, groups=[])
    road.serving.users.SetGroups(request, timeout=DEADLINE)
    question = _request({"audience": MCP}, authorization=f"Bearer {road.connect().access_token}")
    sent = question.attributes.request.http.headers
    forged = ("x_tokenhouse_subject", "x-tokenhouse_groups", "X-Tokenhouse-Roles", "x-tokenhouse-subject")
    for name in (*forged, "x-tokenhouse", "x-other"):
        sent[name] = "admin"
    answer = _check(road.serving.channels["service"], question)
    assert set(answer.ok_response.headers_to_remove) == {*forged[:3], "x-tokenhouse-groups"}
    told = _told(answer)
    assert told["x-tokenhouse-subject"] != "admin"
    assert not set(told) & set(answer.ok_response.headers_to_remove)


def test_without_a_token_the_challenge_has_no_code(road: Road) -> None:
    """RFC 6750 §3.1, RFC 9728 §5.1: the scheme, the scopes and where to begin."""
    for authorization in (None, "Basic YTpi", "Bearerx"):
        assert _denied(_ask(road.serving, authorization)) == (401, "Bearer")
    expected = f'Bearer scope="mcp files", resource_metadata="{METADATA}"'
    assert _denied(_ask(road.serving, None, scope="mcp files", resource_metadata=METADATA)) == (401, expected)


def test_a_token_that_is_not_good_is_401(road: Road) -> None:
    """RFC 6750 §3.1 invalid_token: unknown, forged, another audience's, a refresh token, revoked."""
    tokens, other = road.connect(resource=MCP), road.connect(resource=MAIL)
    revoked = road.connect(resource=MCP).access_token
    assert _told(_ask(road.serving, f"Bearer {revoked}"))
    grant_id = road.validate(revoked, MCP).grant_id
    road.serving.grants.RevokeGrant(grant_admin_pb2.RevokeGrantRequest(grant_id=grant_id), timeout=DEADLINE)
    for token in ("unknown", tokens.access_token[:-1], other.access_token, tokens.refresh_token, revoked):
        assert _denied(_ask(road.serving, f"Bearer {token}")) == (401, INVALID)
    assert _told(_ask(road.serving, f"Bearer {tokens.access_token}"))


def test_a_token_is_401_from_the_second_it_ends(road: Road) -> None:
    """RFC 6750 §3.1 invalid_token, with the route's scopes and metadata: expired; and of a user who was disabled."""
    route = {"scope": "mcp", "resource_metadata": METADATA}
    expected = (401, f'{INVALID}, scope="mcp", resource_metadata="{METADATA}"')
    expiring = road.connect(resource=MCP).access_token
    road.serving.clock.advance(road.validate(expiring, MCP).expires_at - road.serving.clock.now() - 1)
    assert _told(_ask(road.serving, f"Bearer {expiring}", **route))
    road.serving.clock.advance(1)
    assert _denied(_ask(road.serving, f"Bearer {expiring}", **route)) == expected
    token = road.connect(resource=MCP).access_token
    assert _told(_ask(road.serving, f"Bearer {token}", **route))
    road.serving.users.DisableUser(user_admin_pb2.DisableUserRequest(username=road.username), timeout=DEADLINE)
    assert _denied(_ask(road.serving, f"Bearer {token}", **route)) == expected


def test_a_core_switched_off_lets_nobody_pass(road: Road) -> None:
    """README, OAuthClientsEnabled = false: existing tokens stop validating, here too, and come back with it."""
    token, policy = f"Bearer {road.connect(resource=MCP).access_token}", road.serving.config.policy()
    assert _told(_ask(road.serving, token))
    try:
        road.serving.core.change_policy(replace(policy, clients_enabled=False))
        assert _denied(_ask(road.serving, token)) == (401, INVALID)
    finally:
        road.serving.core.change_policy(policy)
    assert _told(_ask(road.serving, token))


@pytest.mark.parametrize("audience", ["HTTPS://MCP.Example.com/mcp", "https://mcp.example.com:443/mcp"])
def test_one_audience_has_several_spellings(road: Road, audience: str) -> None:
    """RFC 3986 §6.2.2: case of scheme and host, and the default port, make no other resource; a longer path does."""
    token = f"Bearer {road.connect(resource=MCP).access_token}"
    assert _told(_ask(road.serving, token, audience))
    assert _denied(_ask(road.serving, token, f"{audience}/admin")) == (401, INVALID)
    assert _denied(_ask(road.serving, token, audience.replace("mcp.", "mcp2.").replace("MCP.", "MCP2."))) == (
        401,
        INVALID,
    )


@pytest.mark.parametrize(
    "sent", ["", "a b", "a,Bearer b", "\u20ac", "x" * 9000], ids=["none", "two", "two headers", "not ASCII", "too long"]
)
def test_what_is_no_token_is_400(road: Road, sent: str) -> None:
    """RFC 6750 §3.1 invalid_request: two headers, which the proxy joins by a comma, are no token either."""
    status, challenge = _denied(_ask(road.serving, f"Bearer {sent}"))
    assert status == 400
    assert challenge.startswith('Bearer error="invalid_request"')


def test_a_missing_scope_is_403(road: Road) -> None:
    """RFC 6750 §3.1 insufficient_scope, with the scopes that are needed: all of them."""
    narrow = f"Bearer {road.connect(resource=MCP).access_token}"
    wide = f"Bearer {road.connect(resource=MCP, scope='mcp files').access_token}"
    status, challenge = _denied(_ask(road.serving, narrow, scope="files mcp"))
    assert status == 403
    assert challenge.startswith('Bearer error="insufficient_scope"')
    assert challenge.endswith('scope="files mcp"')
    assert _told(_ask(road.serving, wide, scope=" files  mcp "))["x-tokenhouse-scope"] == "mcp files"


def test_groups_are_those_of_the_moment(road: Road) -> None:
    """As at ValidateToken: acknowledged, then seen."""
    token = f"Bearer {road.connect(resource=MCP).access_token}"
    for groups in (["ops"], ["a", "b"], ["dev"]):
        request = user_admin_pb2.SetGroupsRequest(username=road.username, groups=groups)
        road.serving.users.SetGroups(request, timeout=DEADLINE)
        assert _told(_ask(road.serving, token))["x-tokenhouse-groups"] == ",".join(groups)


@pytest.mark.parametrize(
    ("extensions", "words"),
    [
        ({}, "audience is missing"),
        ({"audience": ""}, "audience is missing"),
        ({"audience": "no resource"}, "audience: "),
        ({"audience": MCP, "scopes": "files"}, "scopes is unknown"),
        ({"audience": MCP, "scope": 'files a"b'}, "scope: "),
        ({"audience": MCP, "scope": "f\u00fcr"}, "scope: "),
        ({"audience": MCP, "resource_metadata": "/.well-known/oauth-protected-resource"}, "resource_metadata is not"),
        ({"audience": MCP, "resource_metadata": 'https://mcp.example.com/", error="none'}, "resource_metadata is not"),
        (
            {"audience": MCP, "resource_metadata": "https://mcp.example.com/\r\nSet-Cookie: a=b"},
            "resource_metadata is not",
        ),
        ({"audience": MCP, "resource_metadata": "javascript://mcp.example.com/"}, "resource_metadata is not"),
    ],
)
def test_a_proxy_that_asks_wrongly_lets_nobody_pass(road: Road, extensions: dict[str, str], words: str) -> None:
    """authorization.proto: an error, which Envoy takes for a no; a misspelt extension never widens who may pass."""
    request = _request(extensions, authorization=f"Bearer {road.connect().access_token}")
    stub = authorization_pb2_grpc.AuthorizationStub(road.serving.channels["service"])
    refusal = refused(stub.Check, request)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")
    assert words in refusal.description


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Serving]:
    """A core that tells proxies apart."""
    folder = tmp_path_factory.mktemp("listing")
    write_certificates(folder, authority)
    callers = (
        f"Caller = one.internal: Authorization, {MCP}\n"
        f"Caller = two.internal: Authorization, {MCP}, {MAIL}\n"
        f"Caller = verifier.internal: ValidationService, {MCP}\n"
    )
    with Serving(folder, MUTUAL_TLS + callers) as core:
        yield core


def test_a_proxy_asks_for_its_own_resources_alone(listing: Serving, authority: Authority) -> None:
    """README, Services on other machines: with one resource of its own it need not name it."""
    road = Road(listing)
    road.begin()
    bearer = f"Bearer {road.connect(resource=MCP).access_token}"
    asked: dict[tuple[str, str], str] = {}
    for name in ("one", "two", "verifier"):
        with calling(listing, authority.credentials(authority.issue(dns(f"{name}.internal")))) as channel:
            stub = authorization_pb2_grpc.AuthorizationStub(channel)
            for audience in ("", MCP, MAIL, ISSUER):
                request = _request({"audience": audience} if audience else {}, authorization=bearer)
                try:
                    answer = stub.Check(request, timeout=DEADLINE)
                except grpc.RpcError as error:
                    asked[name, audience] = error.code().name
                else:
                    asked[name, audience] = answer.WhichOneof("http_response") or ""
    assert asked == {
        ("one", ""): "ok_response",
        ("one", MCP): "ok_response",
        ("one", MAIL): "PERMISSION_DENIED",
        ("one", ISSUER): "denied_response",
        ("two", ""): "INVALID_ARGUMENT",
        ("two", MCP): "ok_response",
        ("two", MAIL): "denied_response",
        ("two", ISSUER): "denied_response",
        **{("verifier", audience): "PERMISSION_DENIED" for audience in ("", MCP, MAIL, ISSUER)},
    }
