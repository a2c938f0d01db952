"""Clients that can be installed, as their makers publish them, at a running server and an MCP server beside it."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.clients.mcp_remote_process import ask_whoami
from tests.clients.node_clients import connect_all, install_clients
from tests.clients.plain_browser import PlainBrowser
from tests.flows.mcp_server import ProtectedMcpServer
from tests.patience import PATIENCE
from tests.running import Running


@pytest.fixture(scope="module")
def mcp_server(running: Running) -> Iterator[ProtectedMcpServer]:
    """The service that they want to use."""
    with ProtectedMcpServer(running) as started:
        yield started


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of those that run with Node; without it the tests fail, they are never skipped."""
    return install_clients(tmp_path_factory.mktemp("node"))


@pytest.fixture(scope="module", autouse=True)
def terminal(running: Running, mcp_server: ProtectedMcpServer, installed: Path) -> Iterator["Future[Any]"]:
    """mcp-remote on a machine without a browser; it asks once in five seconds, so the others come in the meantime."""
    running.add_user("lise")
    with PlainBrowser("lise") as browser, ThreadPoolExecutor(1) as elsewhere:
        yield elsewhere.submit(ask_whoami, installed, mcp_server.url, browser.allow_device, "--device-code")


@pytest.fixture(scope="module")
def outcomes(running: Running, mcp_server: ProtectedMcpServer, installed: Path) -> Mapping[str, Any]:
    """What those report that share a process."""
    running.add_user("emmy", "analysts")
    with PlainBrowser("emmy") as browser:
        return connect_all(installed, running, mcp_server.url, browser)


@pytest.mark.parametrize("name", ["typescriptSdk", "typescriptClient"])
def test_the_mcp_sdk_in_typescript(outcomes: Mapping[str, Any], mcp_server: ProtectedMcpServer, name: str) -> None:
    """Versions 1 and 2 find everything from the service's address, call a tool as the user, and refresh when the access
    token has ended, without asking again (MCP authorization; RFC 9728, 8414, 7591, 7636, 8707, 9207)."""
    outcome = outcomes[name]

    assert outcome["before"] == outcome["after"]
    assert (outcome["before"]["username"], outcome["before"]["groups"]) == ("emmy", ["analysts"])
    assert (outcome["opened"], outcome["refreshed"]) == (1, True)
    assert outcome["asked"]["resource"] == mcp_server.url


@pytest.mark.parametrize("name", ["openidClient", "oauth4webapi"])
def test_certified_libraries(outcomes: Mapping[str, Any], name: str) -> None:
    """Discovery, registration, code, refresh and revocation pass their checks (RFC 8414, 7591, 6749, 7636, 9207, 7009),
    and each token is the user's until it is revoked."""
    outcome = outcomes[name]

    assert outcome["first"] == outcome["second"] == {"active": True, "username": "emmy"}
    assert outcome["revoked"]["active"] is False
    assert (outcome["seconds"], outcome["refreshed"]) == (3600, True)


def test_a_library_reads_the_access_token(outcomes: Mapping[str, Any], running: Running) -> None:
    """A resource server that verifies by itself gets what RFC 9068 §2.2 promises, with the keys of the metadata."""
    outcome = outcomes["oauth4webapi"]
    claims = outcome["claims"]

    assert (claims["iss"], claims["client_id"], claims["scope"]) == (running.issuer, outcome["client"], "mcp")
    assert claims["exp"] - claims["iat"] == 3600


@pytest.mark.parametrize("method", ["basic", "post", "key"])
def test_a_program_that_proves_who_it_is(
    outcomes: Mapping[str, Any], mcp_server: ProtectedMcpServer, method: str
) -> None:
    """A certified library gets a token without a user, by either way to say a secret and by a key, asks what the token
    says, and ends it (RFC 6749 §2.3.1, §4.4, RFC 7523, RFC 7662, RFC 7009)."""
    outcome = outcomes["confidential"][method]

    assert outcome["tokens"] == {"scope": "mcp", "refresh_token": "none"}
    assert (outcome["told"]["active"], outcome["told"]["aud"]) == (True, mcp_server.url)
    assert outcome["revoked"] == {"active": False}


@pytest.mark.filterwarnings("ignore:Using in-memory token storage")
def test_fastmcp(mcp_server: ProtectedMcpServer, browser: PlainBrowser, monkeypatch: pytest.MonkeyPatch) -> None:
    """FastMCP's client opens the browser, listens for the answer and calls the tool."""
    # A second to load, and every process of the suite reads every file.
    from fastmcp import Client
    from fastmcp.client.auth import OAuth

    opened: list[threading.Thread] = []

    def open_browser(url: str) -> bool:
        # Its listener runs in the loop that asks.
        opened.append(threading.Thread(target=lambda: browser.visit(browser.approve(url))))
        opened[-1].start()
        return True

    async def call() -> Any:
        async with Client(mcp_server.url, auth=OAuth(mcp_server.url)) as client:
            return (await client.call_tool("whoami")).data

    monkeypatch.setattr("webbrowser.open", open_browser)
    answer = asyncio.run(call())
    for each in opened:
        each.join(PATIENCE)

    assert (answer["username"], len(opened)) == (browser.username, 1)


def test_mcp_remote(mcp_server: ProtectedMcpServer, browser: PlainBrowser, installed: Path) -> None:
    """A program that speaks stdio alone reaches the service through mcp-remote, once its user has allowed it."""
    answer = ask_whoami(
        installed, mcp_server.url, lambda link: browser.visit(browser.approve(link)), "--auth-timeout", str(PATIENCE)
    )

    assert answer["username"] == browser.username


def test_mcp_remote_on_a_terminal(terminal: "Future[Any]") -> None:
    """Where there is no browser its user types the code elsewhere, and it goes on by itself (RFC 8628)."""
    assert terminal.result(PATIENCE)["username"] == "lise"
