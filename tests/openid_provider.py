"""A real OpenID provider in a process of its own (node's oidc-provider over TLS), and a browser that signs in there."""

import os
import ssl
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import httpx

from tests.certificates import Authority
from tests.node import find_node, install_packages
from tests.patience import PATIENCE
from tests.ports import free_port

_SOURCE = Path(__file__).parent / "upstream" / "node"


@dataclass(frozen=True)
class RegisteredClient:
    """A client of the provider."""

    client_id: str
    client_secret: str = field(repr=False)


class OpenIdProvider:
    """Start with `with`; the folder is for its certificate and its log."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self._folder = folder
        authority.issue_server().write(folder)
        self.port = free_port()
        self.issuer = f"https://localhost:{self.port}"
        self.trust = ssl.create_default_context(cadata=authority.pem.decode())
        self._node = find_node()
        self._packages = install_packages(_SOURCE, self._node)

    def __enter__(self) -> Self:
        reading, writing = os.pipe()
        environment = {
            "NODE_ENV": "production",
            "PROVIDER_ISSUER": self.issuer,
            "PROVIDER_PORT": str(self.port),
            "PROVIDER_FOLDER": str(self._folder),
            "TOKENHOUSE_STATUS_FD": str(writing),
        }
        log = self._folder / "provider.log"
        with log.open("ab") as output:
            command = [str(self._node), str(self._packages / "provider.js")]
            self._process = subprocess.Popen(command, env=environment, pass_fds=[writing], stdout=output, stderr=output)
        os.close(writing)
        with os.fdopen(reading) as status:
            if not status.readline():
                raise RuntimeError(f"the provider did not start:\n{log.read_text()[-2000:]}")
        self._client = httpx.Client(base_url=self.issuer, verify=self.trust, timeout=PATIENCE, trust_env=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait(PATIENCE)

    def register(self, address: str, *names: str) -> RegisteredClient:
        """A client for a server at this address that calls this provider by these names."""
        body = {
            "redirect_uris": [f"{address}/login/callback/{name}" for name in names],
            "post_logout_redirect_uris": [f"{address}/login/signed-out"],
        }
        told = self._client.post("/reg", json=body).raise_for_status().json()
        return RegisteredClient(told["client_id"], told["client_secret"])

    def know(self, account: str, **claims: Any) -> None:
        """Say this of an account from now on."""
        self._control("accounts", {account: claims})

    def misbehave(self, **faults: str) -> None:
        """`nonce`: put this into ID tokens; `iss`: name this issuer, or none, in answers; `max_age`: ask nobody anew,
        and believe in this one, or in none. Without faults: be good."""
        self._control("faults", faults)

    def rotate_keys(self) -> None:
        """Have a new key, and no other."""
        self._control("rotate", {})

    def asked(self, path: str) -> int:
        """How often a path was asked for."""
        return self._control("asked", {}).count(path)

    def _control(self, what: str, body: Any) -> list[str]:
        told: list[str] = self._client.post(f"/control/{what}", json=body).raise_for_status().json()
        return told


@dataclass
class ProviderVisit:
    """A browser at the provider."""

    provider: OpenIdProvider

    def __post_init__(self) -> None:
        self.browser = httpx.Client(
            base_url=self.provider.issuer, verify=self.provider.trust, timeout=PATIENCE, trust_env=False
        )

    def sign_in(self, url: str, account: str) -> str:
        """From the authorization endpoint to where it sends the browser back to; with no account the user gives up."""
        page = self._follow(self.browser.get(url))
        if isinstance(page, httpx.Response):
            page = self._follow(self.browser.post(page.url, data={"account": account}))
        assert isinstance(page, str), page.text
        return page

    def _follow(self, response: httpx.Response) -> httpx.Response | str:
        while response.is_redirect:
            target = urljoin(str(response.url), response.headers["location"])
            if not target.startswith(self.provider.issuer):
                return target
            response = self.browser.get(target)
        return response


def provider_settings(
    folder: Path, provider: OpenIdProvider, client: RegisteredClient, *lines: str, name: str = "company"
) -> str:
    """Lines of a configuration in that folder that make the provider one to sign in at; `lines` are more of them."""
    (folder / f"{name}.secret").write_text(client.client_secret + "\n")
    made = (
        "[UpstreamProvider]",
        f"Issuer = {name}: {provider.issuer}",
        f"ClientId = {name}: {client.client_id}",
        f"ClientSecretFile = {name}: {name}.secret",
    )
    return "\n".join(
        [*made, *(f"{key} = {name}: {value}" for key, _, value in (line.partition(" = ") for line in lines))]
    )
