"""The MCP conformance suite's look at an authorization server, run as its README says; the test is its user."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.clients.plain_browser import PlainBrowser
from tests.node import environment_with, find_node, install_packages
from tests.ports import free_port

_PROJECT = Path(__file__).parent / "node"
_SUITE = Path("node_modules", "@modelcontextprotocol", "conformance", "dist", "index.js")


class Suite(NamedTuple):
    """The suite, installed."""

    node: Path
    program: Path

    def run(self, issuer: str, folder: Path, browser: PlainBrowser, client_id: str, resource: str) -> Mapping[str, str]:
        """Every check's outcome by its name, of all scenarios there are; `browser` opens what the suite asks for.

        `folder` gets the suite's own report. Any port of 127.0.0.1, at /callback, is the client's redirect URI.
        """
        port = free_port()
        client = ["--client-id", client_id, "--resource", resource, "--port", str(port)]
        command = [str(self.node), str(self.program), "authorization", "--url", issuer, "--output-dir", str(folder)]
        with subprocess.Popen(
            [*command, *client],
            env=environment_with(self.node),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            said = []
            try:
                for line in process.stdout:
                    said.append(line)
                    if line.startswith("http"):
                        location = browser.approve(line.strip())
                        assert location.startswith(f"http://127.0.0.1:{port}/callback?")
                        browser.visit(location)
            finally:
                process.kill()
        reports = sorted(folder.rglob("checks.json"))
        assert reports, "".join(said)
        checks = [check for report in reports for check in json.loads(report.read_text())]
        return {check["id"]: ": ".join([check["status"], *_reason(check)]) for check in checks}


def _reason(check: Mapping[str, str]) -> list[str]:
    return [check["errorMessage"]] if "errorMessage" in check else []


def install_suite() -> Suite:
    """The suite in the version of the lock file.

    Raises:
        CalledProcessError: node or its packages cannot be had.
    """
    node = find_node()
    return Suite(node, install_packages(_PROJECT, node, "package*.json") / _SUITE)
