"""DeviceAuthorizationService and TokenService's DeviceCodeGrant: RFC 8628 as the facade sees it."""

import secrets
from pathlib import Path
from typing import Any

import grpc
import pytest
from tokenhouse.v1 import device_authorization_pb2 as pb
from tokenhouse.v1 import discovery_pb2, session_pb2, token_pb2

from core.domain.clients.grant_types import DEVICE_CODE
from tests.rpc.road import BINDING, PASSWORD, Refused, Road, refused, register
from tests.serving import DEADLINE, Serving, public_client


@pytest.fixture
def client_id(serving: Serving) -> str:
    """A client for devices."""
    return register(serving, redirect_uris=[], grant_types=[DEVICE_CODE, "refresh_token"])


def _start(serving: Serving, client_id: str, **fields: Any) -> pb.StartDeviceAuthorizationResponse:
    request = pb.StartDeviceAuthorizationRequest(client=public_client(client_id), **fields)
    return serving.devices.StartDeviceAuthorization(request, timeout=DEADLINE)


def _enter(road: Road, user_code: str) -> pb.EnterUserCodeResponse:
    return road.serving.devices.EnterUserCode(_code(road, user_code), timeout=DEADLINE)


def _code(road: Road, user_code: str) -> pb.EnterUserCodeRequest:
    return pb.EnterUserCodeRequest(
        user_code=user_code, session_token=road.session_token, browser_binding=BINDING, network_address="192.0.2.1"
    )


def _decision(road: Road, user_code: str, *, approved: bool) -> pb.DecideDeviceAuthorizationRequest:
    return pb.DecideDeviceAuthorizationRequest(
        sealed_page=_enter(road, user_code).consent.sealed_page,
        session_token=road.session_token,
        browser_binding=BINDING,
        approved=approved,
    )


def _poll(client_id: str, device_code: str) -> token_pb2.IssueTokenRequest:
    return token_pb2.IssueTokenRequest(
        client=public_client(client_id),
        attempt_id=secrets.token_bytes(16),
        device_code=token_pb2.DeviceCodeGrant(device_code=device_code),
    )


def test_a_device_is_let_in(road: Road, client_id: str) -> None:
    """RFC 8628 §3: codes, the question, the yes, tokens; and the poll before says why there are none yet."""
    serving = road.serving
    started = _start(serving, client_id, scope="files", resource=["https://mcp.example.com/mcp"])
    waiting = refused(serving.tokens.IssueToken, _poll(client_id, started.device_code))
    hasty = refused(serving.tokens.IssueToken, _poll(client_id, started.device_code))
    prompt = _enter(road, started.user_code).consent
    serving.devices.DecideDeviceAuthorization(_decision(road, started.user_code, approved=True), timeout=DEADLINE)
    tokens = serving.tokens.IssueToken(_poll(client_id, started.device_code), timeout=DEADLINE)

    assert (started.expires_in, started.interval) == (600, 5)
    assert (waiting.code, waiting.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "AUTHORIZATION_PENDING")
    assert (hasty.code, hasty.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SLOW_DOWN")
    assert (prompt.username, prompt.client.client_id, prompt.user_code) == (road.username, client_id, started.user_code)
    assert [scope.name for scope in prompt.scopes] == ["files"]
    assert list(prompt.resources) == ["https://mcp.example.com/mcp"]
    assert (prompt.client.redirect_uri, prompt.client.own_machine) == ("", False)
    assert road.validate(tokens.access_token, "https://mcp.example.com/mcp").active


def test_a_batch_of_polls_is_answered_one_by_one(road: Road, client_id: str) -> None:
    """token.proto: one refusal never touches its neighbours."""
    serving = road.serving
    codes = [_start(serving, client_id) for _ in range(3)]
    serving.devices.DecideDeviceAuthorization(_decision(road, codes[0].user_code, approved=True), timeout=DEADLINE)
    serving.devices.DecideDeviceAuthorization(_decision(road, codes[1].user_code, approved=False), timeout=DEADLINE)
    batch = token_pb2.IssueTokensRequest(requests=[_poll(client_id, each.device_code) for each in codes])
    results = serving.tokens.IssueTokens(batch, timeout=DEADLINE).results

    assert [each.error.reason for each in results] == ["", "ACCESS_DENIED", "AUTHORIZATION_PENDING"]


def test_a_login_leads_back_to_the_page(road: Road, client_id: str) -> None:
    """session.proto: a device page instead of an authorization request; neither opens as the other."""
    serving, started = road.serving, _start(road.serving, client_id)
    opening = pb.OpenDevicePageRequest(user_code=started.user_code, browser_binding=BINDING)
    sealed = serving.devices.OpenDevicePage(opening, timeout=DEADLINE).login.sealed_page
    form: dict[str, Any] = {"username": road.username, "password": PASSWORD, "browser_binding": BINDING}
    login = serving.sessions.LogIn(session_pb2.LogInRequest(sealed_device_page=sealed, **form), timeout=DEADLINE)
    opening.session_token = login.session_token
    shown = serving.devices.OpenDevicePage(opening, timeout=DEADLINE).form
    leaving = session_pb2.LogOutRequest(
        session_token=login.session_token, sealed_device_page=shown.sealed_page, browser_binding=BINDING
    )
    left = serving.sessions.LogOut(leaving, timeout=DEADLINE)
    opening.user_code = ""

    code = [("user_code", started.user_code.replace("-", ""))]
    assert [(each.name, each.value) for each in login.parameters] == code
    assert [(each.name, each.value) for each in left.parameters] == code
    assert (shown.username, shown.user_code) == (road.username, started.user_code)
    assert serving.devices.OpenDevicePage(opening, timeout=DEADLINE).HasField("login")
    wrong = session_pb2.LogInRequest(sealed_request=sealed, **form)
    assert refused(serving.sessions.LogIn, wrong).reason == "INVALID_REQUEST"


def test_refusals(road: Road, client_id: str) -> None:
    """device_authorization.proto: one answer for every code that is not good, one for every decision that is late."""
    serving, started = road.serving, _start(road.serving, client_id)
    decision = _decision(road, started.user_code, approved=False)
    serving.devices.DecideDeviceAuthorization(decision, timeout=DEADLINE)
    decision.approved = True
    signed_out = _decision(road, _start(serving, client_id).user_code, approved=True)
    signed_out.session_token = ""

    unknown = Refused(grpc.StatusCode.NOT_FOUND, "USER_CODE_UNKNOWN", "the code is unknown, expired or used", None)
    for code in (started.user_code, "HKLMQ-RTWXY", ""):
        assert refused(serving.devices.EnterUserCode, _code(road, code)) == unknown
    assert refused(serving.devices.DecideDeviceAuthorization, decision).reason == "INVALID_REQUEST"
    assert refused(serving.devices.DecideDeviceAuthorization, signed_out).reason == "LOGIN_REQUIRED"
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"client": public_client("nobody")}, "INVALID_CLIENT"),
        ({"client": public_client(road.client_id)}, "UNAUTHORIZED_CLIENT"),
        ({"client": public_client(client_id), "scope": "admin"}, "INVALID_SCOPE"),
        ({"client": public_client(client_id), "resource": ["mcp"]}, "INVALID_TARGET"),
    )
    for fields, reason in cases:
        request = pb.StartDeviceAuthorizationRequest(**fields)
        assert refused(serving.devices.StartDeviceAuthorization, request).reason == reason


def test_switched_off(tmp_path: Path) -> None:
    """Setting OAuth.DeviceFlow: nothing of it is served, nor told in the metadata (RFC 8628 §4)."""
    with Serving(tmp_path, "[OAuth]\nDeviceFlow = false\n") as serving:
        client_id = register(serving, grant_types=[DEVICE_CODE, "authorization_code"])
        facts = serving.discovery.GetServerMetadata(discovery_pb2.GetServerMetadataRequest(), timeout=DEADLINE)
        start = pb.StartDeviceAuthorizationRequest(client=public_client(client_id))
        calls: list[tuple[Any, Any]] = [
            (serving.devices.StartDeviceAuthorization, start),
            (serving.devices.OpenDevicePage, pb.OpenDevicePageRequest(browser_binding=BINDING)),
            (serving.devices.EnterUserCode, pb.EnterUserCodeRequest(browser_binding=BINDING)),
            (serving.devices.DecideDeviceAuthorization, pb.DecideDeviceAuthorizationRequest()),
        ]
        refusals = {refused(method, request).reason for method, request in calls}
        poll = refused(serving.tokens.IssueToken, _poll(client_id, "thd_anything"))

    assert DEVICE_CODE not in facts.grant_types_supported
    assert refusals == {"DEVICE_FLOW_DISABLED"}
    assert (poll.code, poll.reason) == (grpc.StatusCode.UNIMPLEMENTED, "UNSUPPORTED_GRANT_TYPE")
