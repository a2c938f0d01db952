"""protos/examples/node: a service in TypeScript, made from the contract alone, asks a real core whose tokens these are.

Not in the suite for what it fetches: node where there is none, and the packages of its lock file.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tokenhouse.v1 import grant_admin_pb2

from tests.bench.tools import find_node, install_packages
from tests.fakes.clock import RunningClock
from tests.patience import PATIENCE
from tests.repository.checkout import ROOT
from tests.rpc.road import Road
from tests.serving import DEADLINE, Serving
from tests.torture.conftest import Figures
from tests.verifier.forms import wait_until
from tests.verifier.proxy import Proxy

_EXAMPLE = Path("protos", "examples", "node")
_AUDIENCE = "https://mcp.example.com/mcp"


@pytest.fixture(scope="module")
def node() -> Path:
    """Node itself, fetched where there is none."""
    return find_node()


@pytest.fixture(scope="module")
def built(node: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, compiled with the stubs that `make stubs LANG=ts` generates; the types of both agree."""
    packages = install_packages(ROOT / _EXAMPLE, node) / "node_modules"
    checkout = tmp_path_factory.mktemp("checkout")
    example = checkout / _EXAMPLE
    shutil.copytree(ROOT / _EXAMPLE, example, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (example / "node_modules").symlink_to(packages)
    environment = os.environ | {"PATH": os.pathsep.join([str(packages / ".bin"), str(node.parent), os.environ["PATH"]])}
    generate = [sys.executable, str(ROOT / "protos" / "generate.py"), "--language", "ts"]
    subprocess.run([*generate, "--into", str(checkout / "stubs" / "ts")], env=environment, check=True)
    compiled = subprocess.run([packages / ".bin" / "tsc"], cwd=example, env=environment, capture_output=True, text=True)
    assert compiled.returncode == 0, compiled.stdout
    return example


class Asking:
    """The program: a token in, an answer out."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, token: str) -> dict[str, Any]:
        """What it says."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{token}\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def _running(node: Path, example: Path, target: str) -> Iterator[Asking]:
    program = json.loads((example / "package.json").read_text())["scripts"]["start"].split()[1]
    command = [str(node), program, target, _AUDIENCE]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=example, text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield Asking(process)
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()


def test_whose_tokens_these_are(node: Path, built: Path, tmp_path: Path, figures: Figures) -> None:
    """Asked for, remembered, refused once revoked, unknown while the core is away, and known again after it is back."""
    with Serving(tmp_path, clock=RunningClock(int(time.time()))) as core:
        user = Road(core)
        user.begin()
        token, ended = (user.connect(resource=_AUDIENCE).access_token for _ in range(2))
        other = user.connect(resource="https://files.example.com/").access_token
        with Proxy(core.config.grpc.listen.port) as proxy, _running(node, built, proxy.target) as ask:
            first = ask(token)
            assert (first["active"], first["username"], first["groups"]) == (True, user.username, ["dev"])
            for bad in ("unknown", other):
                assert ask(bad) == {"active": False}
            for good in (token, ended):
                wait_until(lambda good=good: ask(good)["remembered"], "an answer from memory")  # type: ignore[misc]

            grant = user.validate(ended, _AUDIENCE).grant_id
            core.grants.RevokeGrant(grant_admin_pb2.RevokeGrantRequest(grant_id=grant), timeout=DEADLINE)
            wait_until(lambda: ask(ended) == {"active": False}, "the revocation to arrive")
            assert ask(token)["remembered"]

            proxy.freeze()
            wait_until(lambda: "unavailable" in ask(token), "what is remembered to be too old")
            proxy.thaw()
            proxy.cut()
            wait_until(lambda: ask(token).get("remembered", False), "the changes to be followed again")
            assert ask(ended) == {"active": False}
    figures("asked, remembered, revoked, away and back: every answer right")
