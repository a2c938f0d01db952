"""A backup is made while everybody works, the disk is lost later, and the server comes back from the backup."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from playwright.async_api import Browser

from tests.flows.app import App, refusal, register_app
from tests.flows.browser import Person, sit_down
from tests.flows.mcp_client import install_app
from tests.flows.mcp_server import ProtectedMcpServer
from tests.running import Running


async def _back_up_while_refreshing(running: Running, app: App, tokens: dict[str, str], file: Path) -> dict[str, str]:
    """The tokens that the app holds at the end; each of its refreshes has to succeed."""
    backing_up = asyncio.create_task(asyncio.to_thread(running.tokenhouse, "backup", str(file)))
    rotations = 0
    while not backing_up.done() or rotations < 3:
        answer = await app.refresh(tokens["refresh_token"])
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        rotations += 1
    assert "is made" in await backing_up
    return tokens


def _restore(running: Running, file: Path, *options: str) -> str:
    running.end("core")
    said = running.tokenhouse("restore", str(file), *options)
    running.restart_core()
    return said


async def test_everybody_connects_again(browser: Browser, start: Callable[..., Running], tmp_path: Path) -> None:
    """Every token of before the restore is refused, whenever it was made, and what was revoked after the backup stays
    so; an MCP client finds out by itself, its user signs in and allows, and it goes on."""
    running, file = start(), tmp_path / "tokenhouse.backup"
    for name in ("ada", "bob", "eve"):
        running.add_user(name)
    with ProtectedMcpServer(running) as server:
        async with (
            sit_down(browser, "ada") as ada,
            sit_down(browser, "bob") as bob,
            sit_down(browser, "eve") as eve,
            install_app(server.url, ada.connect) as app,
            register_app(running.issuer, "Refreshes all the time") as refreshing,
            register_app(running.issuer, "Stolen") as stolen,
        ):
            await app.whoami()
            tokens_of_ada = app.tokens
            tokens_of_bob = await refreshing.get_tokens(bob)
            tokens_of_eve = await stolen.get_tokens(eve)
            first_of_bob = tokens_of_bob
            tokens_of_bob = await _back_up_while_refreshing(running, refreshing, tokens_of_bob, file)
            await stolen.revoke(tokens_of_eve["refresh_token"])
            tokens_of_bob = (await refreshing.refresh(tokens_of_bob["refresh_token"])).json()

            assert "3 grants ended" in _restore(running, file)

            for tokens in (tokens_of_bob, first_of_bob):
                assert refusal(await refreshing.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
                assert not running.validate(tokens["access_token"]).active
            assert refusal(await stolen.refresh(tokens_of_eve["refresh_token"])) == (400, "invalid_grant")
            assert not running.validate(tokens_of_eve["access_token"]).active
            assert not running.validate(tokens_of_ada.access_token, server.url).active
            assert (await app.whoami())["username"] == "ada"
            assert len(app.opened) == 2
            again = await refreshing.get_tokens(bob)
            assert running.validate(again["access_token"]).active


async def test_grants_are_kept_in_so_many_words(
    browser: Browser, start: Callable[..., Running], tmp_path: Path
) -> None:
    """With --keep-grants an app that was quiet since the backup refreshes and goes on, and nobody is asked; one that
    was revoked since is back, as the command says; one that refreshed since has to be connected again."""
    running, file = start(), tmp_path / "tokenhouse.backup"
    for name in ("ada", "bob", "eve"):
        running.add_user(name)
    async with (
        sit_down(browser, "ada") as ada,
        sit_down(browser, "bob") as bob,
        sit_down(browser, "eve") as eve,
        register_app(running.issuer, "Quiet") as quiet,
        register_app(running.issuer, "Busy") as busy,
        register_app(running.issuer, "Revoked") as revoked,
    ):
        tokens_of_ada, tokens_of_bob = await quiet.get_tokens(ada), await busy.get_tokens(bob)
        tokens_of_eve = await revoked.get_tokens(eve)
        running.tokenhouse("backup", str(file))
        tokens_of_bob = (await busy.refresh(tokens_of_bob["refresh_token"])).json()
        await revoked.revoke(tokens_of_eve["refresh_token"])

        assert "those that were revoked after it are live again" in _restore(running, file, "--keep-grants")

        for tokens in (tokens_of_ada, tokens_of_bob, tokens_of_eve):
            assert not running.validate(tokens["access_token"]).active
        for app, tokens in ((quiet, tokens_of_ada), (revoked, tokens_of_eve)):
            refreshed = (await app.refresh(tokens["refresh_token"])).json()
            assert running.validate(refreshed["access_token"]).active
        assert refusal(await busy.refresh(tokens_of_bob["refresh_token"])) == (400, "invalid_grant")
        await _connect_again(bob, busy)


async def _connect_again(person: Person, app: App) -> None:
    await person.connect(app.authorization_url())
    assert (await app.redeem(await app.take_code())).status_code == 200
