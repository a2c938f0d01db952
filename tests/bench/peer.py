"""What Tokenhouse is held against: node's oidc-provider, with a store that is as durable as ours."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.bench.road import PKCE, REDIRECT_URI, RESOURCE, registration_body
from tests.bench.servers import Server
from tests.node import find_node, install_packages
from tests.ports import free_port

_SCOPE = "mcp"
_SOURCE = Path(__file__).parent / "peers" / "oidc-provider"


@dataclass
class Peer:
    """The peer on `folder`, with one client. For a `with`."""

    folder: Path
    client_id: str = ""

    def __post_init__(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._node = find_node()
        self._packages = install_packages(_SOURCE, self._node)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._environment: Mapping[str, str] = {
            "NODE_ENV": "production",
            "PEER_ISSUER": f"http://localhost:{port}",
            "PEER_FOLDER": str(self.folder),
            "PEER_RESOURCE": RESOURCE,
            "PEER_SCOPE": _SCOPE,
            "PEER_PORT": str(port),
        }
        command = (str(self._node), str(self._packages / "server.js"))
        self.server = Server(command, self.folder / "log", self._environment)

    def __enter__(self) -> Self:
        self.server.__enter__()
        body = registration_body("A tool")
        answer = httpx.post(f"{self.url}/reg", json=body, trust_env=False).raise_for_status()
        self.client_id = answer.json()["client_id"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.__exit__(kind, error, trace)

    def prepare(self, codes: int, refresh_tokens: int) -> tuple[list[str], list[str]]:
        """That many codes and refresh tokens, each of a grant of its own, in the peer's store."""
        arguments = (self.client_id, REDIRECT_URI, PKCE.challenge, str(codes), str(refresh_tokens))
        command = (self._node, self._packages / "prepare.js", *arguments)
        printed = subprocess.run(command, env=self._environment, stdout=subprocess.PIPE, text=True, check=True).stdout
        lines = printed.split()
        return lines[:codes], lines[codes:]
