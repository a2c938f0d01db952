"""What operators see of clients that do not come by a browser of their own, or prove who they are."""

import secrets
from pathlib import Path
from typing import Any

import pytest
from tokenhouse.v1 import authorization_pb2, client_admin_pb2, client_credentials_pb2, introspection_pb2, token_pb2
from tokenhouse.v1 import connection_admin_pb2 as pb
from tokenhouse.v1 import device_authorization_pb2 as device_pb2

from core.domain.administration.clock import ClockAdministration
from core.domain.authorization.sealed_request import RequestSeal
from core.domain.clients.grant_types import DEVICE_CODE
from core.domain.connections.attempt import Trace
from core.domain.connections.event import Happening, Step
from core.domain.connections.journal import Journal
from core.domain.errors import InvalidGrant, LoginFailed
from core.domain.keys.master_key import MasterKeys
from core.domain.randomness import SystemRandomness
from core.rpc.connection_notes import ConnectionNotes
from core.seen_connections import SeenConnections
from tests.assertions import KeyPair, a_key_pair
from tests.domain.house import House
from tests.fakes.clock import ManualClock
from tests.rpc.connections import findings_of, last_attempt, look, steps_of
from tests.rpc.road import BINDING, Road, refused, register
from tests.serving import DEADLINE, ISSUER, Serving, public_client

_KEYS = a_key_pair()


class Device:
    """One that has asked for a code."""

    def __init__(self, road: Road) -> None:
        self.road = road
        self.client_id = register(road.serving, redirect_uris=None, grant_types=[DEVICE_CODE])
        wanted = device_pb2.StartDeviceAuthorizationRequest(
            client=public_client(self.client_id), network_address="198.51.100.1"
        )
        self.started = road.serving.devices.StartDeviceAuthorization(wanted, timeout=DEADLINE)

    def poll(self) -> token_pb2.IssueTokenRequest:
        """The device asks whether the user has decided."""
        grant = token_pb2.DeviceCodeGrant(device_code=self.started.device_code)
        return token_pb2.IssueTokenRequest(
            client=public_client(self.client_id), attempt_id=secrets.token_bytes(16), device_code=grant
        )

    def decide(self, *, approved: bool) -> None:
        """The user types the code, and says yes or no."""
        here: dict[str, Any] = {"session_token": self.road.session_token, "browser_binding": BINDING}
        typed = device_pb2.EnterUserCodeRequest(user_code=self.started.user_code, **here)
        page = self.road.serving.devices.EnterUserCode(typed, timeout=DEADLINE).consent.sealed_page
        decision = device_pb2.DecideDeviceAuthorizationRequest(sealed_page=page, approved=approved, **here)
        self.road.serving.devices.DecideDeviceAuthorization(decision, timeout=DEADLINE)


def test_a_device_is_one_timeline(road: Road) -> None:
    """RFC 8628 from the request to the first validation; polls are one event, and nothing has gone wrong with them."""
    device = Device(road)
    for _ in range(2):
        refused(road.serving.tokens.IssueToken, device.poll())
        road.serving.clock.advance(6)
    device.decide(approved=True)
    tokens = road.serving.tokens.IssueToken(device.poll(), timeout=DEADLINE)
    road.validate(tokens.access_token)
    attempt = last_attempt(road.serving, device.client_id)

    assert steps_of(attempt) == [
        ("registration", "registered"),
        ("device", "started"),
        ("device", "authorization_pending"),
        ("device", "code_entered"),
        ("device", "allowed"),
        ("token", "redeemed"),
        ("validation", "active"),
    ]
    assert (attempt.events[2].count, attempt.events[2].refused) == (2, False)
    assert (attempt.username, attempt.state, list(attempt.findings)) == (road.username, "connected", [])
    for secret in (device.started.device_code, device.started.user_code, tokens.access_token):
        assert secret not in str(look(road.serving))


def test_a_no_reaches_the_device(road: Road) -> None:
    """RFC 8628 §3.5 access_denied."""
    device = Device(road)
    device.decide(approved=False)
    refused(road.serving.tokens.IssueToken, device.poll())
    attempt = last_attempt(road.serving, device.client_id)

    assert steps_of(attempt)[-2:] == [("device", "denied"), ("token", "access_denied")]
    assert attempt.state == "refused"


def a_program(serving: Serving, keys: KeyPair = _KEYS) -> str:
    """The id of a client with a key."""
    wanted = client_admin_pb2.CreateClientRequest(
        grant_types=["client_credentials"], token_endpoint_auth_method="private_key_jwt", keys=keys.jwks, scope=["mcp"]
    )
    return serving.clients.CreateClient(wanted, timeout=DEADLINE).client.client_id


def prove(serving: Serving, client_id: str, assertion: str) -> None:
    """A token request with this proof, which is refused."""
    proof = client_credentials_pb2.ClientCredentials(
        client_id=client_id,
        method="private_key_jwt",
        client_assertion=assertion,
        attempt_id=secrets.token_bytes(16),
    )
    request = token_pb2.IssueTokenRequest(
        client=proof,
        attempt_id=secrets.token_bytes(16),
        client_credentials=token_pb2.ClientCredentialsGrant(),
        network_address="198.51.100.2",
    )
    assert refused(serving.tokens.IssueToken, request).reason == "INVALID_CLIENT"


@pytest.mark.parametrize("off", [-3600, 3600])
def test_a_clients_clock_is_wrong(serving: Serving, off: int) -> None:
    """CLOCK_SKEW: an assertion that has expired, or is from the future (RFC 7523 §3)."""
    client_id = a_program(serving)
    prove(serving, client_id, _KEYS.sign(client_id, ISSUER, serving.clock.now() + off))

    assert findings_of(last_attempt(serving, client_id)) == {"CLOCK_SKEW": ""}


def test_a_clients_proof_names_another_issuer(serving: Serving) -> None:
    """ISSUER_DIFFERS: an assertion's aud is the issuer, to the letter (RFC 7523 §3, RFC 8414 §2)."""
    client_id = a_program(serving)
    prove(serving, client_id, _KEYS.sign(client_id, f"{ISSUER}/", serving.clock.now()))
    [finding] = last_attempt(serving, client_id).findings

    assert finding.code == "ISSUER_DIFFERS"
    assert f"has {ISSUER}/ as its aud, but the issuer is {ISSUER}:" in finding.words


def test_a_service_asks_for_itself_without_a_trace(serving: Serving) -> None:
    """RFC 6749 §4.4: a program's own token is nobody's connection."""
    client_id = a_program(serving)
    proof = client_credentials_pb2.ClientCredentials(
        client_id=client_id,
        method="private_key_jwt",
        client_assertion=_KEYS.sign(client_id, ISSUER, serving.clock.now()),
        attempt_id=secrets.token_bytes(16),
    )
    request = token_pb2.IssueTokenRequest(
        client=proof, attempt_id=secrets.token_bytes(16), client_credentials=token_pb2.ClientCredentialsGrant()
    )
    serving.tokens.IssueToken(request, timeout=DEADLINE)

    assert not look(serving, client_id).attempts


def test_a_resource_server_asks_once_whatever_names_it_has(road: Road) -> None:
    """RFC 7662: it may ask for its own resources and for everybody's, which is one presentation; and where the token is
    for none of them WRONG_AUDIENCE names its own, and nobody else's."""

    def ask(resource: str, token: str) -> bool:
        wanted = client_admin_pb2.CreateClientRequest(
            resources=[resource], token_endpoint_auth_method="client_secret_basic"
        )
        made = road.serving.clients.CreateClient(wanted, timeout=DEADLINE)
        credentials = client_credentials_pb2.ClientCredentials(
            client_id=made.client.client_id, client_secret=made.client_secret, method="client_secret_basic"
        )
        request = introspection_pb2.IntrospectTokenRequest(client=credentials, token=token)
        return [road.serving.introspection.IntrospectToken(request, timeout=DEADLINE).active for _ in range(2)][-1]

    good = ask("http://localhost:9/mcp", road.connect(resource="http://localhost:9/mcp").access_token)
    healthy = last_attempt(road.serving, road.client_id)
    road.serving.clock.advance(1)
    wrong = ask("https://files.example.com/mcp", road.connect(resource="http://localhost:9/mcp").access_token)
    lost = last_attempt(road.serving, road.client_id)

    assert (good, steps_of(healthy)[-1], len(healthy.findings)) == (True, ("validation", "active"), 0)
    assert (wrong, steps_of(lost)[-2:], lost.events[-1].count) == (
        False,
        [("token", "redeemed"), ("validation", "other_audience")],
        2,
    )
    [finding] = lost.findings
    assert (finding.code, "calls itself https://files.example.com/mcp asked" in finding.words) == (
        "WRONG_AUDIENCE",
        True,
    )


def test_a_request_without_pkce(road: Road) -> None:
    """RFC 7636: the timeline says that the code_challenge is missing, where the client learns it by a redirect."""
    parameters = road.request()
    del parameters["code_challenge"]
    request = authorization_pb2.StartAuthorizationRequest(browser_binding=BINDING)
    for name, value in parameters.items():
        request.parameters.add(name=name, value=value)
    road.serving.authorization.StartAuthorization(request, timeout=DEADLINE)

    assert ("authorize", "no_code_challenge") in [
        step for attempt in look(road.serving, road.client_id).attempts for step in steps_of(attempt)
    ]


def test_long_uris_shut_no_operator_out(tmp_path: Path) -> None:
    """gRPC takes messages of 4 MiB, whatever strangers have sent: the attempts that began last are there."""
    house = House(tmp_path / "database")
    seen = SeenConnections(house.clock)
    for number in range(200):
        for each in range(40):
            asked = Happening(Step.AUTHORIZE, "login_asked", about=f"https://x.example.com/{each}/{'x' * 470}")
            seen.journal.note(Trace(f"client {number}", bytes([number])), asked)
    servicer = seen.servicer(house.store, house.policy, ClockAdministration(house.clock, house.store))
    answer = servicer.ListConnectionAttempts(pb.ListConnectionAttemptsRequest(page_size=500), None)  # type: ignore[arg-type]
    house.close()

    assert 2.9 < answer.ByteSize() / 2**20 < 3.1
    assert [attempt.client_id for attempt in answer.attempts][:2] == ["client 199", "client 198"]
    assert {len(attempt.events) for attempt in answer.attempts} == {40}


class FullJournal(Journal):
    """One that can take nothing."""

    def note(self, trace: Trace, *happenings: Happening, username: str = "") -> None:
        raise ValueError(f"canary {trace}")


def test_a_note_that_fails_costs_nobody_a_token(caplog: pytest.LogCaptureFixture) -> None:
    """What is granted may be on the disk already: the log says that it was not noted, without what was sent."""
    keys = MasterKeys({1: b"k" * 32}, SystemRandomness())
    seal = RequestSeal(keys, ManualClock(), SystemRandomness())
    notes = ConnectionNotes(FullJournal(ManualClock()), seal)
    notes.token(token_pb2.IssueTokenRequest(), InvalidGrant("canary", "forged"))
    with pytest.raises(LoginFailed), notes.logging_in([("client_id", "canary")], BINDING, "192.0.2.1"):
        raise LoginFailed("wrong")
    with notes.deciding(seal.seal([("client_id", "canary")], BINDING), BINDING, approved=True):
        pass

    assert [record.getMessage() for record in caplog.records] == ["attempt to connect not noted"] * 3
    assert all("canary" not in str(record.__dict__) for record in caplog.records)


def test_made_up_grants_begin_no_attempts(road: Road) -> None:
    """Whoever sends tokens that nobody has made leaves one attempt of its network, however many there are."""
    before = len(look(road.serving, road.client_id).attempts)
    for _ in range(5):
        refused(road.serving.tokens.IssueToken, road.refreshing(f"thr_{secrets.token_hex(20)}"))
    found = look(road.serving, road.client_id).attempts

    assert len(found) == before + 1
    assert (steps_of(found[0]), found[0].events[0].count) == ([("refresh", "forged")], 5)
