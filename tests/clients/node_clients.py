"""The clients of tests/clients/node in one process of Node: what they ask for is done here, what they found is told."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from tests.clients.plain_browser import PlainBrowser
from tests.node import environment_with, find_node, install_packages
from tests.patience import PATIENCE
from tests.running import Running

_PROJECT = Path(__file__).parent / "node"
_METHODS = ("client_secret_basic", "client_secret_post")


def install_clients(folder: Path) -> Path:
    """The programs in a folder of their own, beside the packages of the lock file.

    Raises:
        CalledProcessError: node or its packages cannot be had.
    """
    packages = install_packages(_PROJECT, find_node(), "package*.json")
    for program in _PROJECT.glob("*.mjs"):
        shutil.copy(program, folder)
    (folder / "node_modules").symlink_to(packages / "node_modules")
    return folder


def connect_all(folder: Path, running: Running, mcp_server: str, browser: PlainBrowser) -> Mapping[str, Any]:
    """What each of them reports, by its name; whoever failed reports its error."""
    node = find_node()
    secrets: dict[str, Any] = {method: _add_client(running, mcp_server, "--auth-method", method) for method in _METHODS}
    private_key = ec.generate_private_key(ec.SECP256R1())
    (folder / "key.json").write_text(json.dumps(_jwk(private_key.public_key())))
    holder = _add_client(running, mcp_server, "--key-file", str(folder / "key.json"))
    secrets["private_key_jwt"] = holder | {"private_key": _jwk(private_key)}
    outcomes: dict[str, Any] = {}
    with subprocess.Popen(
        [node, folder / "connect.mjs", running.issuer, mcp_server],
        env=environment_with(node),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(secrets) + "\n")
        process.stdin.flush()
        try:
            for said in map(json.loads, process.stdout):
                if "client" in said:
                    outcomes[said["client"]] = said.get("outcome", said)
                    continue
                answer: object
                if "open" in said:
                    answer = browser.approve(said["open"])
                else:
                    validated = running.validate(said["validate"], mcp_server)
                    answer = {"active": validated.active, "username": validated.username}
                process.stdin.write(json.dumps(answer) + "\n")
                process.stdin.flush()
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
    return outcomes


def _jwk(key: ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) -> dict[str, Any]:
    return ECAlgorithm.to_jwk(key, as_dict=True) | {"kid": "1"}


def _add_client(running: Running, mcp_server: str, *how: str) -> dict[str, Any]:
    """A program that the operator has registered, which may ask about tokens for the service."""
    options = ["--grant-type", "client_credentials", "--scope", "mcp", "--resource", mcp_server]
    added = json.loads(running.tokenhouse("clients", "add", "--json", *options, *how))
    return {"client_id": added["client"]["client_id"], "client_secret": added.get("client_secret")}
