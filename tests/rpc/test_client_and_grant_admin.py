"""ClientAdminService and GrantAdminService: what operators see and end."""

import json
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from tokenhouse.v1 import authorization_pb2, client_admin_pb2, grant_admin_pb2, user_admin_pb2

from tests.rpc.road import BINDING, Road, refused, register
from tests.serving import DEADLINE, Serving, parameters_of

CODE = grpc.StatusCode
VERBS: dict[str, Callable[[str], Any]] = {
    "GetClient": lambda client_id: client_admin_pb2.GetClientRequest(client_id=client_id),
    "RevokeClientTokens": lambda client_id: client_admin_pb2.RevokeClientTokensRequest(client_id=client_id),
    "DeleteClient": lambda client_id: client_admin_pb2.DeleteClientRequest(client_id=client_id),
    "BlockClient": lambda client_id: client_admin_pb2.BlockClientRequest(client_id=client_id),
    "UnblockClient": lambda client_id: client_admin_pb2.UnblockClientRequest(client_id=client_id),
}


def _get(road: Road) -> client_admin_pb2.Client:
    request = client_admin_pb2.GetClientRequest(client_id=road.client_id)
    return road.serving.clients.GetClient(request, timeout=DEADLINE).client


def _act(road: Road, verb: str) -> Any:
    return getattr(road.serving.clients, verb)(VERBS[verb](road.client_id), timeout=DEADLINE)


def _grants(road: Road, **asked: Any) -> list[grant_admin_pb2.Grant]:
    request = grant_admin_pb2.ListGrantsRequest(**{"username": road.username, **asked})
    return list(road.serving.grants.ListGrants(request, timeout=DEADLINE).grants)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("client_id", ["", "unknown", "x" * 10_000, "client\x00"])
def test_every_verb_knows_no_unknown_client(serving: Serving, verb: str, client_id: str) -> None:
    """NOT_FOUND."""
    refusal = refused(getattr(serving.clients, verb), VERBS[verb](client_id))
    assert (refusal.code, refusal.reason) == (CODE.NOT_FOUND, "NOT_FOUND")


def test_a_client_is_shown_as_kept(road: Road) -> None:
    """Loopback ports left out; when it was last used, exact to the hour."""
    client = _get(road)
    assert list(client.redirect_uris) == ["http://127.0.0.1/callback"]
    assert client.client_name == json.loads(client.metadata)["client_name"]
    assert not client.HasField("last_used_at")
    road.connect()
    used = _get(road).last_used_at
    assert used == road.serving.clock.now()
    road.serving.clock.advance(3599)
    road.session_token = road.log_in().session_token
    road.connect()
    assert _get(road).last_used_at == used
    road.serving.clock.advance(1)
    road.connect()
    assert _get(road).last_used_at == used + 3600


def test_deleting_a_client(road: Road) -> None:
    """How many live grants ended; gone for good until it registers again; then with nothing of before."""
    tokens = road.connect()
    assert _act(road, "DeleteClient").revoked_grants == 1
    assert refused(road.serving.clients.GetClient, VERBS["GetClient"](road.client_id)).code is CODE.NOT_FOUND
    assert refused(road.serving.clients.DeleteClient, VERBS["DeleteClient"](road.client_id)).code is CODE.NOT_FOUND
    assert refused(road.serving.tokens.IssueToken, road.refreshing(tokens.refresh_token)).reason == "INVALID_CLIENT"


def test_blocking_and_unblocking_a_client(road: Road) -> None:
    """It may not authorize or refresh; twice is no error; unblocked, it may be connected anew."""
    tokens = road.connect()
    assert _act(road, "BlockClient").revoked_grants == 1
    assert _act(road, "BlockClient").revoked_grants == 0
    assert _get(road).blocked
    assert refused(road.serving.tokens.IssueToken, road.refreshing(tokens.refresh_token)).reason == "INVALID_CLIENT"
    # Adding it again would be in vain, so its user is told whom to ask.
    start = authorization_pb2.StartAuthorizationRequest(
        parameters=parameters_of(road.request()), browser_binding=BINDING
    )
    assert refused(road.serving.authorization.StartAuthorization, start).reason == "CLIENT_BLOCKED"
    _act(road, "UnblockClient")
    _act(road, "UnblockClient")
    assert not _get(road).blocked
    assert refused(road.serving.tokens.IssueToken, road.refreshing(tokens.refresh_token)).reason == "INVALID_GRANT"
    assert road.validate(road.connect().access_token).active


def test_clients_are_listed_page_by_page(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Sorted by client_id, nothing twice, nothing left out; deleted ones are not there."""
    with Serving(tmp_path_factory.mktemp("clients")) as serving:
        ids = sorted(register(serving) for _ in range(5))
        gone = ids.pop(2)
        serving.clients.DeleteClient(client_admin_pb2.DeleteClientRequest(client_id=gone), timeout=DEADLINE)
        seen: list[str] = []
        more = True
        while more:
            request = client_admin_pb2.ListClientsRequest(page_size=3, after_client_id=seen[-1] if seen else "")
            page = serving.clients.ListClients(request, timeout=DEADLINE)
            seen, more = seen + [client.client_id for client in page.clients], page.has_more
        assert seen == ids
        for size in (-1, 501):
            refusal = refused(serving.clients.ListClients, client_admin_pb2.ListClientsRequest(page_size=size))
            assert refusal.code is CODE.INVALID_ARGUMENT


def test_a_grant_is_shown_without_any_secret(road: Road) -> None:
    """Who connected what, for what, since when and until when."""
    code = road.code(resource="https://mcp.example.com/mcp", scope="mcp files")
    pending = _grants(road)[0]
    assert (pending.state, pending.generation, pending.HasField("rotated_at")) == ("pending", 0, False)
    tokens = road.serving.tokens.IssueToken(road.redeeming(code), timeout=DEADLINE)
    road.serving.tokens.IssueToken(road.refreshing(tokens.refresh_token), timeout=DEADLINE)
    grant = _grants(road)[0]
    assert (grant.state, grant.generation, grant.username, grant.client_id) == (
        "active",
        2,
        road.username,
        road.client_id,
    )
    assert (list(grant.scope), list(grant.resources)) == (["mcp", "files"], ["https://mcp.example.com/mcp"])
    assert grant.rotated_at == grant.created_at == road.serving.clock.now()
    assert grant.expires_at == road.serving.clock.now() + 30 * 86400
    assert grant.client_name == _get(road).client_name
    assert tokens.refresh_token[4:40] not in str(grant)


def test_revoking_a_grant(road: Road) -> None:
    """True once, False afterwards; the listing shows ended ones when asked, with the reason."""
    tokens = road.connect()
    grant_id = _grants(road)[0].grant_id
    request = grant_admin_pb2.RevokeGrantRequest(grant_id=grant_id)
    assert road.serving.grants.RevokeGrant(request, timeout=DEADLINE).revoked
    assert not road.serving.grants.RevokeGrant(request, timeout=DEADLINE).revoked
    assert not road.validate(tokens.access_token).active
    assert _grants(road) == []
    ended = _grants(road, include_ended=True)[0]
    assert (ended.state, ended.revoke_reason) == ("revoked", "revoked_by_operator")
    assert ended.revoked_at == road.serving.clock.now()


def test_what_has_run_out_is_shown_as_expired(road: Road) -> None:
    """A code nobody redeemed in time is no live grant, whatever the row says."""
    road.code()
    road.serving.clock.advance(60)
    assert _grants(road) == []
    assert [grant.state for grant in _grants(road, include_ended=True)] == ["expired"]


@pytest.mark.parametrize(
    ("grant_id", "code"),
    [
        ("00" * 16, CODE.NOT_FOUND),
        ("", CODE.INVALID_ARGUMENT),
        ("00" * 15, CODE.INVALID_ARGUMENT),
        ("00" * 17, CODE.INVALID_ARGUMENT),
        ("x" * 32, CODE.INVALID_ARGUMENT),
        ("\u0661" * 32, CODE.INVALID_ARGUMENT),
        ("00 " * 16, CODE.INVALID_ARGUMENT),
    ],
)
def test_an_unknown_grant_is_not_found(serving: Serving, grant_id: str, code: grpc.StatusCode) -> None:
    """NOT_FOUND for one that is not there, INVALID_ARGUMENT for what is no id."""
    refusal = refused(serving.grants.RevokeGrant, grant_admin_pb2.RevokeGrantRequest(grant_id=grant_id))
    assert refusal.code is code


def test_grants_are_listed_newest_first_page_by_page(road: Road) -> None:
    """By user and by client; a page token leads on, a made-up one is refused (CVE-2026-33504)."""
    for _ in range(5):
        road.connect()
    everything = [grant.grant_id for grant in _grants(road)]
    assert len(set(everything)) == 5
    seen: list[str] = []
    page_token, pages = "", 0
    while page_token or not pages:
        request = grant_admin_pb2.ListGrantsRequest(client_id=road.client_id, page_size=2, page_token=page_token)
        page = road.serving.grants.ListGrants(request, timeout=DEADLINE)
        seen, page_token, pages = seen + [grant.grant_id for grant in page.grants], page.next_page_token, pages + 1
    assert (seen, pages) == (everything, 3)
    for wrong in ("x", "' OR 1=1 --", "A" * 31, "A" * 33, "\u20ac", "_" * 32, "gAAA" + "A" * 28):
        refusal = refused(road.serving.grants.ListGrants, grant_admin_pb2.ListGrantsRequest(page_token=wrong))
        assert refusal.code is CODE.INVALID_ARGUMENT
    unknown = grant_admin_pb2.ListGrantsRequest(username="nobody")
    assert refused(road.serving.grants.ListGrants, unknown).code is CODE.NOT_FOUND
    road.client_id = "unknown"
    assert _grants(road, client_id="unknown") == []


def test_a_deleted_users_grants_are_still_listed(road: Road) -> None:
    """Ended entries stay visible for audit, without a name."""
    road.connect()
    road.serving.users.DeleteUser(user_admin_pb2.DeleteUserRequest(username=road.username), timeout=DEADLINE)
    ended = _grants(road, username="", client_id=road.client_id, include_ended=True)
    assert [(grant.username, grant.revoke_reason) for grant in ended] == [("", "user_deleted")]
