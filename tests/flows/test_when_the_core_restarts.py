"""The core stops, by an operator or by a crash, and comes back: nobody has to begin again, and no refusal is undone."""

import signal
from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest
import pytest_asyncio
from playwright.async_api import Browser
from tokenhouse.v1.user_admin_pb2 import DisableUserRequest

from tests.flows.app import refusal, register_app
from tests.flows.browser import Person, sit_down
from tests.flows.mcp_client import install_app
from tests.flows.mcp_server import ProtectedMcpServer
from tests.patience import PATIENCE
from tests.running import Running

_numbers = count(1)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that these stories restart."""
    with Running(tmp_path_factory.mktemp("restarting")) as started:
        yield started


@pytest.fixture(scope="module")
def mcp_server(running: Running) -> Iterator[ProtectedMcpServer]:
    """An MCP server that goes on running meanwhile."""
    with ProtectedMcpServer(running) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def person(browser: Browser, running: Running) -> AsyncIterator[Person]:
    """A user of this server."""
    username = f"grace-{next(_numbers)}"
    running.add_user(username)
    async with sit_down(browser, username) as sitting:
        yield sitting


async def test_between_sign_in_and_consent_and_between_code_and_token(
    running: Running, mcp_server: ProtectedMcpServer, person: Person
) -> None:
    """The login session and the code outlive the core, and the sealed request is in the browser: the flow goes on."""

    async def connect_with_interruptions(url: str) -> None:
        await person.page.goto(url)
        running.restart_core()
        await person.sign_in()
        await person.page.get_by_role("button", name="Allow").wait_for()
        running.restart_core(signal.SIGKILL)
        await person.allow()
        running.restart_core(signal.SIGKILL)

    async with install_app(mcp_server.url, connect_with_interruptions) as app:
        answer = await app.whoami()

    assert answer["username"] == person.username
    assert len(app.opened) == 1
    assert person.complaints == []


async def test_while_an_app_holds_tokens(running: Running, mcp_server: ProtectedMcpServer, person: Person) -> None:
    """Access token, refresh token and registration are as good after the restart as before."""
    async with install_app(mcp_server.url, person.connect) as app:
        await app.whoami()
        held = app.tokens
        running.restart_core(signal.SIGKILL)
        assert (await app.whoami())["username"] == person.username
        assert app.tokens == held
        app.oauth.context.token_expiry_time = 1.0
        assert (await app.whoami())["username"] == person.username

    assert app.tokens.refresh_token != held.refresh_token
    assert len(app.opened) == 1


async def test_refusals_are_remembered(running: Running, browser: Browser) -> None:
    """A reused refresh token, a burnt code and a disabled user are refused after a crash as before it (RFC 9700
    §4.14.2, RFC 6749 §4.1.2)."""
    people = ["reused", "burnt", "disabled"]
    for name in people:
        running.add_user(name)
    async with (
        register_app(running.issuer, "Reuses") as reusing,
        register_app(running.issuer, "Redeems twice") as redeeming,
        register_app(running.issuer, "Of a leaver") as leaving,
        sit_down(browser, "reused") as first_person,
        sit_down(browser, "burnt") as second_person,
        sit_down(browser, "disabled") as leaver,
    ):
        first = await reusing.get_tokens(first_person)
        second = (await reusing.refresh(first["refresh_token"])).json()
        third = (await reusing.refresh(second["refresh_token"])).json()
        code = await redeeming.get_code(second_person)
        redeemed = (await redeeming.redeem(code)).json()
        left = await leaving.get_tokens(leaver)

        async def assert_refused() -> None:
            for token in (third["refresh_token"], second["refresh_token"], first["refresh_token"]):
                assert refusal(await reusing.refresh(token)) == (400, "invalid_grant")
            assert refusal(await redeeming.redeem(code)) == (400, "invalid_grant")
            assert refusal(await redeeming.refresh(redeemed["refresh_token"])) == (400, "invalid_grant")
            assert refusal(await leaving.refresh(left["refresh_token"])) == (400, "invalid_grant")
            for tokens in (first, third, redeemed, left):
                assert not running.validate(tokens["access_token"]).active

        for tokens in (third, redeemed, left):
            assert running.validate(tokens["access_token"]).active
        assert refusal(await reusing.refresh(first["refresh_token"])) == (400, "invalid_grant")
        assert refusal(await redeeming.redeem(code)) == (400, "invalid_grant")
        running.users.DisableUser(DisableUserRequest(username="disabled"), timeout=PATIENCE)
        await assert_refused()
        running.restart_core(signal.SIGKILL)
        await assert_refused()

        await leaver.page.goto(leaving.authorization_url())
        await leaver.sign_in()
        assert "The user name or the password is wrong." in await leaver.text()
