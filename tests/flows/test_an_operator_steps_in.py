"""An operator disables a user, switches OAuth clients off and on, and makes a mistake in the configuration."""

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser

from tests.flows.app import refusal, register_app
from tests.flows.browser import sit_down
from tests.flows.mcp_client import install_app
from tests.flows.mcp_server import ProtectedMcpServer
from tests.plain_http import plain_client
from tests.running import Running, wait_until

_ENDPOINTS = [
    ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/oauth/v1/jwks"),
    ("GET", "/oauth/v1/authorize"),
    ("POST", "/oauth/v1/register"),
    ("POST", "/oauth/v1/token"),
    ("POST", "/oauth/v1/revoke"),
    ("POST", "/oauth/v1/introspect"),
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that these stories reconfigure; each puts back what it changed."""
    with Running(tmp_path_factory.mktemp("reconfigured")) as started:
        yield started


async def test_a_user_is_disabled(running: Running, browser: Browser) -> None:
    """Disabling a user stops every token, session and sign-in of theirs at once; enabling revives none of it."""
    running.add_user("leaver")
    async with sit_down(browser, "leaver") as person, register_app(running.issuer) as app:
        tokens = await app.get_tokens(person)
        assert running.validate(tokens["access_token"]).active

        running.tokenhouse("users", "disable", "leaver")
        assert not running.validate(tokens["access_token"]).active
        assert refusal(await app.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
        await person.page.goto(app.authorization_url())
        await person.sign_in()
        assert await person.page.get_by_role("alert").inner_text() == "The user name or the password is wrong."

        running.tokenhouse("users", "enable", "leaver")
        assert not running.validate(tokens["access_token"]).active
        assert refusal(await app.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
        await person.connect(app.authorization_url())
        assert (await app.redeem(await app.take_code())).status_code == 200


async def test_a_user_is_disabled_at_the_consent_page(running: Running, browser: Browser) -> None:
    """A user who is disabled between the sign-in and the Allow gives nothing: the session has ended."""
    running.add_user("hesitant")
    async with sit_down(browser, "hesitant") as person, register_app(running.issuer) as app:
        await person.page.goto(app.authorization_url())
        await person.sign_in()
        allow = person.page.get_by_role("button", name="Allow", exact=True)
        await allow.wait_for()
        running.tokenhouse("users", "disable", "hesitant")
        async with person.page.expect_navigation():
            await allow.click()

        assert person.page.url == f"{running.issuer}/consent"
        assert "This page has expired" in await person.text()
        assert app.callback.last == {}


async def test_oauth_clients_are_switched_off_and_on(running: Running, browser: Browser) -> None:
    """With OAuthClientsEnabled = false metadata and OAuth endpoints are 404 and tokens stop validating; switched on
    again, the same tokens and the same registrations are good."""
    running.add_user("ada")
    with ProtectedMcpServer(running) as server:
        async with sit_down(browser, "ada") as person, install_app(server.url, person.connect) as app:
            await app.whoami()
            held = app.tokens

            running.reload(Server_OAuthClientsEnabled="false")
            assert not running.validate(held.access_token, server.url).active
            wait_until(lambda: _statuses(running) == {404}, "every OAuth endpoint to be gone")

            running.reload(Server_OAuthClientsEnabled="true")
            assert running.validate(held.access_token, server.url).active
            wait_until(lambda: 404 not in _statuses(running), "every OAuth endpoint to be back")
            assert (await app.whoami())["username"] == "ada"
            app.oauth.context.token_expiry_time = 1.0
            assert (await app.whoami())["username"] == "ada"

    assert len(app.opened) == 1
    assert app.tokens.refresh_token != held.refresh_token


async def test_a_mistake_in_the_configuration(running: Running, browser: Browser) -> None:
    """SIGHUP with a configuration that has an error in it changes nothing and says so; the corrected one counts."""
    running.add_user("linus")
    async with sit_down(browser, "linus") as person, register_app(running.issuer) as app:
        running.reload(OAuth_Scope="read: Read your notes", OAuth_AccessTokenLifetime="whenever")
        assert "config not reloaded" in running.read_logs()
        await person.page.goto(app.authorization_url())
        await person.sign_in()
        assert "Use MCP servers as you" in await person.text()

        running.reload(OAuth_AccessTokenLifetime="1h")
        await person.page.goto(app.authorization_url())
        assert "Read your notes" in await person.text()
        await person.allow()
        tokens = (await app.redeem(await app.take_code())).json()
        assert tokens["scope"] == "read"

        running.reload(OAuth_Scope="mcp: Use MCP servers as you")
        assert running.validate(tokens["access_token"]).active


def _statuses(running: Running) -> set[int]:
    with plain_client(running.issuer) as http:
        return {http.request(method, path).status_code for method, path in _ENDPOINTS}
