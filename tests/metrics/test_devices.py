"""What came of devices' requests, of the codes that people typed, and of polls."""

import secrets

import pytest
from tokenhouse.v1 import device_authorization_pb2 as pb
from tokenhouse.v1 import token_pb2

from core.domain.clients.grant_types import DEVICE_CODE
from tests.metrics.conftest import Look
from tests.rpc.road import BINDING, Road, refused, register
from tests.scrape import grown
from tests.serving import DEADLINE, public_client


@pytest.fixture
def client_id(road: Road) -> str:
    """A client for devices."""
    return register(road.serving, redirect_uris=None, grant_types=[DEVICE_CODE])


def test_every_step_is_counted_by_what_came_of_it(road: Road, client_id: str, look: Look) -> None:
    """README, Metrics: requests, codes and polls, each with the reason of its refusal."""
    devices, tokens, before = road.serving.devices, road.serving.tokens, look()
    wanted = pb.StartDeviceAuthorizationRequest(client=public_client(client_id))
    started = devices.StartDeviceAuthorization(wanted, timeout=DEADLINE)
    refused(devices.StartDeviceAuthorization, pb.StartDeviceAuthorizationRequest(client=public_client(road.client_id)))

    def typed(code: str) -> pb.EnterUserCodeRequest:
        return pb.EnterUserCodeRequest(user_code=code, session_token=road.session_token, browser_binding=BINDING)

    def poll(code: str) -> token_pb2.IssueTokenRequest:
        grant = token_pb2.DeviceCodeGrant(device_code=code)
        return token_pb2.IssueTokenRequest(
            client=public_client(client_id), attempt_id=secrets.token_bytes(16), device_code=grant
        )

    refused(devices.EnterUserCode, typed("HKLMQ-RTWXY"))
    page = devices.EnterUserCode(typed(started.user_code), timeout=DEADLINE).consent.sealed_page
    for code in (started.device_code, started.device_code, "thd_made-up"):
        refused(tokens.IssueToken, poll(code))
    yes = pb.DecideDeviceAuthorizationRequest(
        sealed_page=page, session_token=road.session_token, browser_binding=BINDING, approved=True
    )
    devices.DecideDeviceAuthorization(yes, timeout=DEADLINE)
    tokens.IssueToken(poll(started.device_code), timeout=DEADLINE)
    refused(tokens.IssueToken, poll(started.device_code))
    after = look()

    assert grown(before, after, "tokenhouse_device_authorizations_total", ("result",)) == {
        ("started",): 1,
        ("unauthorized_client",): 1,
    }
    assert grown(before, after, "tokenhouse_user_codes_total", ("result",)) == {("good",): 1, ("user_code_unknown",): 1}
    assert grown(before, after, "tokenhouse_token_requests_total", ("grant_type", "verdict")) == {
        ("device_code", "authorization_pending"): 1,
        ("device_code", "slow_down"): 1,
        ("device_code", "forged"): 1,
        ("device_code", "redeemed"): 1,
        ("device_code", "reused"): 1,
    }
