"""The MCP conformance suite's scenarios for authorization servers, against the running server."""

from pathlib import Path

import httpx
import pytest

from tests.clients.conformance import Suite, install_suite
from tests.clients.plain_browser import PlainBrowser
from tests.patience import PATIENCE
from tests.plain_http import NOBODY
from tests.running import Running

_RESOURCE = "https://mcp.example.com/mcp"
_ALL_GREEN = {
    "authorization-server-metadata": "SUCCESS",
    "authorization-server-metadata-cimd": "SUCCESS",
    "authorization-code-grant": "SUCCESS",
}


@pytest.fixture(scope="module")
def suite() -> Suite:
    """The suite; without it the tests fail, they are never skipped."""
    return install_suite()


def test_every_scenario(running: Running, browser: PlainBrowser, suite: Suite, tmp_path: Path) -> None:
    """Metadata, client documents and the code grant are as every revision of MCP wants them: no check fails, is skipped
    or warns (MCP authorization; RFC 8414, 6749, 7636, 8707, 9207)."""
    registered = httpx.post(
        f"{running.issuer}/oauth/v1/register",
        json={"client_name": "Conformance", "redirect_uris": ["http://127.0.0.1/callback"]},
        timeout=PATIENCE,
        trust_env=False,
        verify=NOBODY,
    ).json()

    outcomes = suite.run(running.issuer, tmp_path, browser, client_id=registered["client_id"], resource=_RESOURCE)

    assert outcomes == _ALL_GREEN
