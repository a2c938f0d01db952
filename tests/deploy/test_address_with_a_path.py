"""A server whose address has a path, behind a real nginx and a real Envoy with the files of deploy/ (RFC 8414 §3.1)."""

import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import yaml

from tests.certificates import Authority
from tests.clients.connection import Connection
from tests.clients.plain_browser import PlainBrowser
from tests.clients.profile import INSERTED, OPENID
from tests.clients.profiles.every import PROFILES
from tests.deploy.envoy_process import listening_envoy
from tests.deploy.nginx_process import listening_nginx, with_other_values
from tests.patience import PATIENCE
from tests.ports import free_port
from tests.repository.checkout import ROOT, text_of
from tests.running import Running

_APPENDED = f"/auth{INSERTED}"
_PAGE = "https://example.com/how-to-connect?from=metadata"
#: Beside the proxies' own address, which is trusted: where users are, and where robots are that try each proxy.
_USERS = "127.0.0.2"
_ROBOTS = {"nginx": "127.0.0.3", "envoy": "127.0.0.4"}


class Site(NamedTuple):
    """The server, and where its users find it."""

    running: Running
    port: int
    folder: Path
    trusted: ssl.SSLContext

    def client(self, address: str) -> httpx.Client:
        """Somebody on the network."""
        way = httpx.HTTPTransport(verify=self.trusted, local_address=address)
        return httpx.Client(base_url=f"https://localhost:{self.port}", transport=way, timeout=PATIENCE)

    def nginx(self) -> AbstractContextManager[object]:
        """deploy/nginx/path-prefix.conf on other ports."""
        values = {
            "server 127.0.0.1:8080": f"server 127.0.0.1:{self.running.port}",
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "/etc/nginx/example.com.pem": f"{self.folder}/server.pem",
            "/etc/nginx/example.com.key": f"{self.folder}/server.key",
        }
        example = text_of(ROOT / "deploy" / "nginx" / "path-prefix.conf")
        return listening_nginx(self.folder, with_other_values(example, values), self.port)

    def envoy(self) -> AbstractContextManager[object]:
        """deploy/envoy/path-prefix.yaml on other ports."""
        values = {
            "127.0.0.1, port_value: 8080": f"127.0.0.1, port_value: {self.running.port}",
            "0.0.0.0, port_value: 443": f"127.0.0.1, port_value: {self.port}",
            "/etc/envoy/example.com.pem": f"{self.folder}/server.pem",
            "/etc/envoy/example.com.key": f"{self.folder}/server.key",
        }
        example = text_of(ROOT / "deploy" / "envoy" / "path-prefix.yaml")
        return listening_envoy(self.folder, yaml.safe_load(with_other_values(example, values)), self.port)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server for both proxies, which listen one after the other."""
    folder, port = tmp_path_factory.mktemp("site"), free_port()
    authority = Authority()
    authority.issue_server().write(folder)
    settings = {
        "Server_TrustedProxy": "127.0.0.1",
        "Server_ServiceDocumentation": _PAGE,
        "Limits_Registrations": "4/d",
    }
    running = Running(tmp_path_factory.mktemp("running"), settings=settings)
    running.issuer = f"https://localhost:{port}/auth"
    with running:
        running.add_user("grace")
        yield Site(running, port, folder, ssl.create_default_context(cadata=authority.pem.decode()))


@pytest.fixture(scope="module", params=_ROBOTS, autouse=True)
def proxy(request: pytest.FixtureRequest, site: Site) -> Iterator[str]:
    """The one that listens."""
    with site.nginx() if request.param == "nginx" else site.envoy():
        yield request.param


@pytest.fixture
def http(site: Site) -> Iterator[httpx.Client]:
    """A client without a profile."""
    with site.client(_USERS) as client:
        yield client


def test_a_client_gets_in(site: Site, http: httpx.Client) -> None:
    """From the inserted well-known form to tokens and back, with a state of 4 KB and the pages through the proxy."""
    seen = next(profile for profile in PROFILES if profile.name == "VS Code that registers")
    profile = replace(seen, probes=(f"{OPENID}/auth", f"{INSERTED}/auth"))
    with PlainBrowser("grace", trusted=site.trusted) as browser:
        client = Connection(site.running, profile, http)
        client.discover()
        endpoints = [value for name, value in client.metadata.items() if name.endswith(("_endpoint", "_uri"))]
        assert [each for each in endpoints if not each.startswith(f"{site.running.issuer}/oauth/v1/")] == []

        client.register()
        client.authorize(browser)
        tokens = client.redeem()
        assert site.running.validate(tokens["access_token"], profile.resource).active
        client.refresh()
        client.revoke()


def test_both_forms_of_the_metadata_say_the_same(http: httpx.Client) -> None:
    """RFC 8414 §3.1 inserts the well-known part, some clients append it; HEAD and a preflight find both, too."""
    inserted, appended = http.get(f"{INSERTED}/auth"), http.get(_APPENDED)
    assert (inserted.status_code, inserted.json()) == (200, appended.json())
    assert inserted.json()["service_documentation"] == _PAGE

    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
    for path in (f"{INSERTED}/auth", _APPENDED):
        looked, preflight = http.head(path), http.options(path, headers=asked)
        assert (looked.status_code, looked.content) == (200, b"")
        assert looked.headers["content-length"] == str(len(inserted.content))
        assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (204, "*")


@pytest.mark.parametrize("path", [f"{OPENID}/auth", f"/auth{OPENID}", f"/auth{INSERTED}/x"])
def test_what_is_not_there_says_so(http: httpx.Client, path: str) -> None:
    """A client that looks for another document gets a 404 that it can read, and looks further."""
    answer = http.get(path, headers={"Origin": "https://app.example"})

    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", [INSERTED, "/", "/authors", "/auth/../livez", "/auth/%2e%2e/livez"])
def test_the_rest_of_the_host_is_others(http: httpx.Client, path: str) -> None:
    """Nothing beside the address's path leads to the server, however it is spelt."""
    answer = http.get(httpx.URL(f"{http.base_url}").copy_with(raw_path=path.encode()))

    assert answer.status_code == 404
    assert "application/json" not in answer.headers.get("content-type", "")


def test_nobody_says_where_they_come_from(site: Site, proxy: str) -> None:
    """A rate counts the address that the proxy has seen, whatever a client writes into X-Forwarded-For."""
    registration = {"redirect_uris": ["http://127.0.0.1/callback"]}
    with site.client(_ROBOTS[proxy]) as robot:
        statuses = [
            robot.post(
                "/auth/oauth/v1/register",
                json=registration | {"client_name": f"Robot {number} behind {proxy}"},
                headers={"X-Forwarded-For": f"192.0.2.{number}"},
            ).status_code
            for number in range(5)
        ]

    assert statuses == [201, 201, 201, 201, 429]
