"""RegistrationService and DiscoveryService: JSON in, JSON out, and the facts behind the metadata."""

import json
import logging
from typing import Any

import grpc
import pytest
from tokenhouse.v1 import discovery_pb2, registration_pb2

from core.domain.clients.grant_types import DEVICE_CODE
from tests.domain.clients.bodies import BODIES
from tests.rpc.road import Road, refused, register
from tests.serving import DEADLINE, ISSUER, Serving

CURSOR_HOSTED = "https://www.cursor.com/agents/mcp/oauth/callback"


def _register(serving: Serving, body: bytes, network_address: str = "") -> dict[str, Any]:
    request = registration_pb2.RegisterClientRequest(client_metadata=body, network_address=network_address)
    parsed: dict[str, Any] = json.loads(
        serving.registration.RegisterClient(request, timeout=DEADLINE).client_information
    )
    return parsed


def test_the_answer_is_json_as_clients_parse_it(serving: Serving) -> None:
    """RFC 7591 §3.2.1: one JSON object, UTF-8, no nulls."""
    answer = _register(serving, json.dumps(BODIES["names in several languages"], ensure_ascii=False).encode())
    assert answer["client_name#ja-Jpan-JP"] == "クライアント名"
    assert "null" not in json.dumps(answer)


def test_what_was_left_out_is_in_the_log(serving: Serving, caplog: pytest.LogCaptureFixture) -> None:
    """The operator reads which URI was left out of whose registration."""
    with caplog.at_level(logging.WARNING):
        answer = _register(serving, json.dumps(BODIES["Cursor"]).encode())
    said = [vars(record) for record in caplog.records if hasattr(record, "redirect_uri")]
    assert [(each["client_id"], each["redirect_uri"]) for each in said] == [(answer["client_id"], CURSOR_HOSTED)]
    assert CURSOR_HOSTED not in answer["redirect_uris"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "INVALID_CLIENT_METADATA"),
        (b"{}", "INVALID_REDIRECT_URI"),
        (b'{"redirect_uris": ["https://evil.example/"]}', "INVALID_REDIRECT_URI"),
        (b'{"redirect_uris": ["http://localhost/"], "scope": 1}', "INVALID_CLIENT_METADATA"),
    ],
)
def test_a_refused_registration_names_its_code(serving: Serving, body: bytes, reason: str) -> None:
    """RFC 7591 §3.2.2."""
    refusal = refused(serving.registration.RegisterClient, registration_pb2.RegisterClientRequest(client_metadata=body))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)


def test_a_batch_answers_each_on_its_own(serving: Serving) -> None:
    """RFC 7591 §3.2: the same client twice is one client, and a refusal stands in its place between them."""
    good = json.dumps(BODIES["names in several languages"]).encode()
    requests = [registration_pb2.RegisterClientRequest(client_metadata=body) for body in (good, b"{}", good)]
    batch = registration_pb2.RegisterClientsRequest(requests=requests)
    first, refusal, again = serving.registration.RegisterClients(batch, timeout=DEADLINE).results
    assert first.response == again.response
    assert json.loads(first.response.client_information)["client_id"] == _register(serving, good)["client_id"]
    assert refusal.error.reason == "INVALID_REDIRECT_URI"


def test_registrations_are_limited_by_network(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Limits.Registrations: TOO_MANY_ATTEMPTS with RetryInfo; the neighbour's network is not concerned."""
    bodies = iter([b'{"redirect_uris": ["http://localhost/%d"]}' % number for number in range(4)])
    with Serving(tmp_path_factory.mktemp("limited"), "[Limits]\nRegistrations = 2/60s") as serving:
        for host in ("1", "2"):
            _register(serving, next(bodies), f"2001:db8::{host}")
        request = registration_pb2.RegisterClientRequest(client_metadata=next(bodies), network_address="2001:db8::3")
        refusal = refused(serving.registration.RegisterClient, request)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_ATTEMPTS")
        assert refusal.retry_after == 30
        _register(serving, next(bodies), "2001:db8:0:1::3")


def test_the_facts_behind_the_metadata(serving: Serving) -> None:
    """RFC 8414 §2: only what is served."""
    facts = serving.discovery.GetServerMetadata(discovery_pb2.GetServerMetadataRequest(), timeout=DEADLINE)
    assert facts.issuer == ISSUER
    assert facts.oauth_clients_enabled
    assert list(facts.scopes_supported) == ["mcp", "files", "offline_access"]
    assert list(facts.grant_types_supported) == [
        "authorization_code",
        "refresh_token",
        DEVICE_CODE,
        "client_credentials",
    ]
    assert list(facts.token_endpoint_auth_methods_supported) == [
        "none",
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
    ]
    assert list(facts.token_endpoint_auth_signing_alg_values_supported) == ["ES256", "RS256", "PS256", "EdDSA"]
    assert list(facts.code_challenge_methods_supported) == ["S256"]
    assert json.loads(facts.jwks)["keys"]


def test_a_registered_client_may_be_used_at_once(road: Road) -> None:
    """No delay between the answer and the first authorization request."""
    road.client_id = register(road.serving)
    assert road.start().login.client.client_id == road.client_id
