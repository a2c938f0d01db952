"""A whole road, and no secret of it in the log or in the database."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tokenhouse.v1 import (
    client_admin_pb2,
    client_credentials_pb2,
    device_authorization_pb2,
    key_admin_pb2,
    registration_pb2,
    registration_token_admin_pb2,
    revocation_pb2,
    token_pb2,
    user_admin_pb2,
)

from core.domain.clients.grant_types import DEVICE_CODE
from core.domain.policy import RegistrationMode
from core.log_lines import LineFormatter
from tests.ports import free_port
from tests.rpc.connections import look
from tests.rpc.road import BINDING, PASSWORD, PKCE, REDIRECT_URI, Road, refused, register
from tests.scrape import scrape
from tests.serving import DEADLINE, Serving, public_client


class Walked:
    """Everything secret that was used on the way, and everything that was written down."""

    def __init__(self, folder: Path) -> None:
        self.secrets: dict[str, str] = {}
        self.folder = folder
        self.log = ""
        self.metrics = ""
        #: What operators see of attempts to connect.
        self.connections = ""

    def stored(self) -> bytes:
        """Every byte of the data folder, the master key's file apart."""
        files = [file for file in (self.folder / "data").rglob("*") if file.is_file() and file.name != "master.key"]
        return b"".join(file.read_bytes() for file in files)


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    """A road with everything that goes well and everything that does not, every log record kept."""
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(LineFormatter())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    walked = Walked(tmp_path_factory.mktemp("walked"))
    try:
        settings = f"[Metrics]\nCoreListen = 127.0.0.1:{free_port()}\n"
        with Serving(walked.folder, settings) as serving:
            _walk(Road(serving), walked.secrets)
            _walk_with_a_registration_token(serving, walked.secrets)
            walked.connections = str(look(serving, page_size=500))
            walked.log = output.getvalue()
            walked.metrics = scrape(f"http://{serving.config.metrics.core_listen}").text
            yield walked
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def _walk(road: Road, secrets: dict[str, str]) -> None:
    road.begin()
    serving = road.serving
    secrets |= {"password": PASSWORD, "session token": road.session_token, "verifier": PKCE.verifier}
    secrets["sealed request"] = road.start(road.session_token).consent.sealed_request
    refused(serving.sessions.LogIn, road.login_request(password="canary of a wrong password"))
    secrets["wrong password"] = "canary of a wrong password"
    code = secrets["code"] = road.code()
    first = serving.tokens.IssueToken(road.redeeming(code), timeout=DEADLINE)
    second = serving.tokens.IssueToken(road.refreshing(first.refresh_token), timeout=DEADLINE)
    serving.tokens.IssueToken(road.refreshing(first.refresh_token), timeout=DEADLINE)
    for name, answer in (("first", first), ("second", second)):
        secrets |= {f"{name} access token": answer.access_token, f"{name} refresh token": answer.refresh_token}
        road.validate(answer.access_token)
    refused(serving.tokens.IssueToken, road.redeeming(code))
    refused(serving.tokens.IssueToken, road.refreshing(second.refresh_token))
    with_secret = road.refreshing("thr_canary")
    with_secret.client.client_secret = "canary of a client secret"
    refused(serving.tokens.IssueToken, with_secret)
    secrets["client secret"] = "canary of a client secret"
    _walk_with_a_secret(road, secrets)
    _walk_with_a_device(road, secrets)
    tokens = road.connect()
    revoke = revocation_pb2.RevokeTokenRequest(token=tokens.refresh_token, client=public_client(road.client_id))
    serving.revocation.RevokeToken(revoke, timeout=DEADLINE)
    secrets["revoked refresh token"] = tokens.refresh_token
    changed = user_admin_pb2.SetPasswordRequest(username=road.username, password="canary of a new password")
    serving.users.SetPassword(changed, timeout=DEADLINE)
    secrets["new password"] = "canary of a new password"
    for now in (False, True):
        serving.keys.RotateSigningKey(key_admin_pb2.RotateSigningKeyRequest(now=now), timeout=DEADLINE)
    serving.keys.RotateMasterKey(key_admin_pb2.RotateMasterKeyRequest(), timeout=DEADLINE)


def _walk_with_a_secret(road: Road, secrets: dict[str, str]) -> None:
    wanted = client_admin_pb2.CreateClientRequest(
        redirect_uris=[REDIRECT_URI], token_endpoint_auth_method="client_secret_post"
    )
    added = road.serving.clients.CreateClient(wanted, timeout=DEADLINE)
    another = client_admin_pb2.AddClientSecretRequest(client_id=added.client.client_id)
    secrets["made secret"] = added.client_secret
    secrets["another made secret"] = road.serving.clients.AddClientSecret(another, timeout=DEADLINE).client_secret
    request = road.refreshing("thr_canary")
    proof: dict[str, Any] = {"client_id": added.client.client_id, "method": "client_secret_post"}
    for secret in (secrets["made secret"], secrets["another made secret"], "canary of a wrong secret"):
        request.client.CopyFrom(client_credentials_pb2.ClientCredentials(client_secret=secret, **proof))
        refused(road.serving.tokens.IssueToken, request)
    secrets["wrong secret"] = "canary of a wrong secret"


def _walk_with_a_registration_token(serving: Serving, secrets: dict[str, str]) -> None:
    """RFC 7591 §3: one that is good once, and is used twice; and one that nobody has made."""
    pb = registration_token_admin_pb2
    made = serving.registration_tokens.CreateRegistrationToken(
        pb.CreateRegistrationTokenRequest(note="for the test", uses=1), timeout=DEADLINE
    )
    secrets |= {"initial access token": made.initial_access_token, "wrong initial access token": "thi_canary"}
    token_wanted = replace(
        serving.config.policy(), registration=replace(serving.config.policy().registration, mode=RegistrationMode.TOKEN)
    )
    serving.core.change_policy(token_wanted)

    def registering(token: str) -> registration_pb2.RegisterClientRequest:
        body = json.dumps({"client_name": "by a token", "redirect_uris": [REDIRECT_URI]}).encode()
        return registration_pb2.RegisterClientRequest(client_metadata=body, initial_access_token=token)

    serving.registration.RegisterClient(registering(made.initial_access_token), timeout=DEADLINE)
    for token in (made.initial_access_token, "thi_canary"):
        refused(serving.registration.RegisterClient, registering(token))
    serving.registration_tokens.ListRegistrationTokens(pb.ListRegistrationTokensRequest(), timeout=DEADLINE)
    serving.core.change_policy(serving.config.policy())


def _walk_with_a_device(road: Road, secrets: dict[str, str]) -> None:
    pb, devices, issue = device_authorization_pb2, road.serving.devices, road.serving.tokens.IssueToken
    client = public_client(register(road.serving, redirect_uris=None, grant_types=[DEVICE_CODE]))
    started = devices.StartDeviceAuthorization(pb.StartDeviceAuthorizationRequest(client=client), timeout=DEADLINE)
    here: dict[str, Any] = {"session_token": road.session_token, "browser_binding": BINDING}
    typed = [pb.EnterUserCodeRequest(user_code=code, **here) for code in ("HKLMQ-RTWXY", started.user_code)]
    refused(devices.EnterUserCode, typed[0])
    page = devices.EnterUserCode(typed[1], timeout=DEADLINE).consent.sealed_page
    grant = token_pb2.DeviceCodeGrant(device_code=started.device_code)
    poll = token_pb2.IssueTokenRequest(client=client, attempt_id=b"0123456789abcdef", device_code=grant)
    refused(issue, poll)
    decision = pb.DecideDeviceAuthorizationRequest(sealed_page=page, approved=True, **here)
    devices.DecideDeviceAuthorization(decision, timeout=DEADLINE)
    secrets |= {"device code": started.device_code, "device page": page, "wrong user code": "HKLMQRTWXY"}
    secrets |= {"user code": started.user_code, "user code without a dash": started.user_code.replace("-", "")}
    secrets["device's access token"] = issue(poll, timeout=DEADLINE).access_token


def _parts(secret: str) -> list[str]:
    """The secret, and what alone would be enough of it."""
    if secret.startswith(("thc_", "thr_", "thd_")):
        return [secret, secret[33:76]]
    if secret.count(".") == 2:
        return [secret, secret.rpartition(".")[2]]
    return [secret]


def test_the_road_has_left_its_marks(walked: Walked) -> None:
    """What the tests below look for could have been found: the log and the database know of this road."""
    for word in ("token issued", "token refused", "client registered", "signing key signs", "verdict=replayed"):
        assert word in walked.log
    assert b"127.0.0.1/callback" in walked.stored()
    assert len(walked.secrets) == 24


def test_no_secret_is_in_the_log(walked: Walked) -> None:
    """Canaries through every call, right and wrong, and none in any line at any level."""
    for name, secret in walked.secrets.items():
        for part in _parts(secret):
            assert part not in walked.log, name


def test_no_secret_is_in_the_metrics(walked: Walked) -> None:
    """What Prometheus is told, to which many have access, holds none of them and no name of a person or a client."""
    assert 'verdict="replayed"} 1.0' in walked.metrics
    for name, secret in walked.secrets.items():
        for part in _parts(secret):
            assert part not in walked.metrics, name
    assert "user-" not in walked.metrics
    assert "client_id" not in walked.metrics


def test_no_secret_is_in_the_connections(walked: Walked) -> None:
    """What operators see of attempts to connect knows this road, and holds none of them."""
    for word in ("replayed", "consent_asked", "login_failed", "code_entered", "initial_access_token_refused"):
        assert word in walked.connections
    for name, secret in walked.secrets.items():
        for part in _parts(secret):
            assert part not in walked.connections, name


def test_no_secret_is_in_the_database(walked: Walked) -> None:
    """A copy of the data folder without the master key's file holds nothing that is accepted anywhere."""
    stored = walked.stored()
    for name, secret in walked.secrets.items():
        for part in _parts(secret):
            assert part.encode() not in stored, name
    for line in (walked.folder / "data" / "master.key").read_text().splitlines():
        if not line.startswith("#"):
            assert line.split()[1].encode() not in stored


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "jwks_uri"])
def test_of_a_uri_no_query_is_logged(name: str) -> None:
    """Whose client_id is a URL may have put anything into it (draft-ietf-oauth-client-id-metadata-document §3)."""
    told = {name: "https://tool.example.com/client.json?key=canary", "why": "what? this stays"}
    line = LineFormatter().format(logging.makeLogRecord({"msg": "client document refused", **told}))

    assert line.endswith(
        f"client document refused {name}=https://tool.example.com/client.json?... why='what? this stays'"
    )
