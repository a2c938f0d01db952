"""Where the server says it is: from its own settings, never from a request."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.facade.pair import Pair
from tests.facade.road import Visit, hidden_fields, register

_FORWARDED = {
    "X-Forwarded-For": "198.51.100.77",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Path": "/evil",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Uri": "/evil",
    "X-Original-URL": "/evil",
    "X-Real-IP": "198.51.100.77",
    "Forwarded": "for=198.51.100.77;host=evil.example;proto=gopher",
    "X-Request-ID": "evil",
    "Host": "evil.example",
}


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A pair whose public address is https and has a path, as behind a proxy that ends TLS."""
    with Pair(tmp_path_factory.mktemp("below"), path="/auth", scheme="https") as pair:
        yield pair


@pytest.mark.parametrize("name", _FORWARDED)
def test_no_header_moves_the_server(pair: Pair, name: str) -> None:
    """Links, the issuer, cookies and redirects are the same whatever a header says (attacks table F)."""
    header = {name: _FORWARDED[name]}
    metadata = pair.client.get("/.well-known/oauth-authorization-server", headers=header)
    visit = Visit(pair, register(pair))
    page = visit.browser.get("/oauth/v1/authorize", params=visit.parameters(), headers=header)
    plain = Visit(pair, visit.client_id).start()

    assert metadata.json()["issuer"] == pair.issuer
    assert "evil" not in metadata.text + page.text + str(page.headers)
    assert page.headers["set-cookie"].split(";")[1:] == plain.headers["set-cookie"].split(";")[1:]
    assert page.headers["content-security-policy"] == plain.headers["content-security-policy"]


def test_a_host_with_tricks_in_it_moves_no_path(pair: Pair) -> None:
    """A malformed Host is refused (RFC 9112 §3.2), and none ever takes part in routing."""
    for host in ("x/oauth/v1/jwks?", "evil.example#", "[::1", "a b"):
        assert pair.client.get("/nowhere", headers={"Host": host}).status_code == 400


def test_the_metadata_stands_in_both_places(below: Pair) -> None:
    """RFC 8414 §3.1 inserts the well-known part before the path; some clients append it; the root is not ours."""
    inserted = below.client.get("/.well-known/oauth-authorization-server/auth")
    appended = below.client.get("/auth/.well-known/oauth-authorization-server")

    assert inserted.json() == appended.json()
    assert inserted.json()["issuer"] == below.issuer
    assert inserted.json()["token_endpoint"] == f"{below.issuer}/oauth/v1/token"
    for path in ("/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/other",
                 "/oauth/v1/token", "/oauth/v1/jwks", "/login", "/auth", "/auth/"):  # fmt: skip
        assert below.client.get(path).status_code == 404


def test_health_is_found_with_and_without_the_path(below: Pair) -> None:
    """Whoever probes the process may not know the public address."""
    for path in ("/livez", "/readyz", "/auth/livez", "/auth/readyz"):
        assert below.client.get(path).status_code == 200


def test_the_whole_road_below_a_path(below: Pair) -> None:
    """Every form, file and redirect of ours stays below the path; cookies are __Host- and Secure all the same."""
    visit = Visit(below, register(below))
    login = visit.start()
    browser = {"Cookie": login.headers["set-cookie"].partition(";")[0]}
    signed_in = visit.browser.post(
        "/auth/login",
        data=hidden_fields(login, "/auth/login") | {"username": "admin", "password": below.password},
        headers=browser | {"Origin": f"https://localhost:{below.port}"},
    )
    both = {"Cookie": f"{browser['Cookie']}; {signed_in.headers['set-cookie'].partition(';')[0]}"}
    consent = visit.browser.get(signed_in.headers["location"], headers=both)
    answer = visit.browser.post(
        "/auth/consent", data=hidden_fields(consent, "/auth/consent") | {"decision": "allow"}, headers=both
    )

    assert login.headers["set-cookie"].startswith("__Host-tokenhouse-browser=")
    assert login.headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")
    assert signed_in.headers["set-cookie"].startswith("__Host-tokenhouse-session=")
    assert login.headers["strict-transport-security"]
    assert 'href="/auth/static/page.' in login.text
    assert urlsplit(signed_in.headers["location"]).path == "/auth/oauth/v1/authorize"
    assert f'every service of <bdi class="name">localhost:{below.port}</bdi>' in consent.text
    assert answer.status_code == 303
    assert "code=" in answer.headers["location"]


def test_the_device_flow_below_a_path(below: Pair) -> None:
    """RFC 8628 §3.2: the page's address and its link are the public ones, and its forms stay below the path."""
    grant_types = ["urn:ietf:params:oauth:grant-type:device_code"]
    registered = below.client.post("/auth/oauth/v1/register", json={"grant_types": grant_types}).json()
    form = {"client_id": registered["client_id"]}
    started = below.client.post("/auth/oauth/v1/device_authorization", data=form).json()
    login = below.client.get(urlsplit(started["verification_uri_complete"]).path)
    browser = {"Cookie": login.headers["set-cookie"].partition(";")[0]}
    signed_in = below.client.post(
        "/auth/device/login",
        data=hidden_fields(login, "/auth/device/login") | {"username": "admin", "password": below.password},
        headers=browser,
    )
    both = {"Cookie": f"{browser['Cookie']}; {signed_in.headers['set-cookie'].partition(';')[0]}"}
    page = below.client.get(signed_in.headers["location"], headers=both)
    question = below.client.post(
        "/auth/device", data=hidden_fields(page, "/auth/device") | {"user_code": started["user_code"]}, headers=both
    )

    assert started["verification_uri"] == f"{below.issuer}/device"
    assert signed_in.headers["location"] == "/auth/device"
    assert hidden_fields(question, "/auth/device/consent")
    assert hidden_fields(question, "/auth/device/logout")


def test_switched_off_means_404_everywhere(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Server.OAuthClientsEnabled = false: metadata, keys and every OAuth endpoint are 404 for every method."""
    with Pair(tmp_path_factory.mktemp("off"), server_lines=("OAuthClientsEnabled = false",)) as pair:
        for path in (
            "/.well-known/oauth-authorization-server",
            "/oauth/v1/jwks",
            "/oauth/v1/register",
            "/oauth/v1/authorize",
            "/oauth/v1/token",
            "/oauth/v1/revoke",
            "/oauth/v1/introspect",
            "/oauth/v1/device_authorization",
            "/device",
            "/device/login",
            "/device/logout",
            "/device/consent",
            "/login",
            "/consent",
            "/logout",
        ):
            for method in ("GET", "POST", "PUT", "OPTIONS"):
                assert pair.client.request(method, path).status_code == 404, (method, path)
        assert pair.client.get("/readyz").status_code == 200
