"""A connected app stays connected without the user, until somebody ends it; then the user is asked again."""

from collections.abc import Callable

from playwright.async_api import Browser

from tests.flows.app import refusal, register_app
from tests.flows.browser import Person, sit_down
from tests.flows.mcp_client import McpApp, install_app
from tests.flows.mcp_server import ProtectedMcpServer
from tests.running import Running, wait_until


async def test_an_app_refreshes_an_expired_token_by_itself(browser: Browser, start: Callable[..., Running]) -> None:
    """After the access token has expired the SDK refreshes it and the user sees nothing of it (RFC 6749 §6)."""
    running = start(OAuth_AccessTokenLifetime="2s")
    running.add_user("ada")
    with ProtectedMcpServer(running) as server:
        async with sit_down(browser, "ada") as person, install_app(server.url, person.connect) as app:
            await app.whoami()
            expired = app.tokens
            wait_until(lambda: not running.validate(expired.access_token, server.url).active, "the token to expire")
            wait_until(lambda: not app.oauth.context.is_token_valid(), "the client to see it")
            answer = await app.whoami()

    assert answer["username"] == "ada"
    assert len(app.opened) == 1
    assert app.tokens.access_token != expired.access_token
    assert app.tokens.refresh_token != expired.refresh_token


async def test_an_operator_revokes_a_grant(running: Running, mcp_server: ProtectedMcpServer, person: Person) -> None:
    """`grants revoke` is seen at the very next validation, and the app has to ask the user again."""

    def revoke(app: McpApp) -> None:
        grant_id = running.validate(app.tokens.access_token, mcp_server.url).grant_id
        running.tokenhouse("grants", "revoke", grant_id)

    async with install_app(mcp_server.url, person.connect) as app:
        await app.whoami()
        revoked = app.tokens
        revoke(app)
        assert not running.validate(revoked.access_token, mcp_server.url).active
        app.browsing = person.agree
        answer = await app.whoami()

    assert answer["username"] == person.username
    assert len(app.opened) == 2
    # The revoked token was presented once more and got a 401, which is how the app learnt of it.
    assert mcp_server.verifier.presented.count(revoked.access_token) >= 2


async def test_an_app_disconnects_itself(running: Running, mcp_server: ProtectedMcpServer, person: Person) -> None:
    """Revoking the refresh token ends the whole grant, its access token with it, at once (RFC 7009 §2.1); another
    app's attempt at it changes nothing."""
    async with (
        install_app(mcp_server.url, person.connect) as app,
        register_app(running.issuer, "Another app") as stranger,
        register_app(running.issuer, "The same app") as itself,
    ):
        await app.whoami()
        assert app.keychain.client is not None
        itself.client_id = app.keychain.client.client_id
        access_token, refresh_token = app.tokens.access_token, app.tokens.refresh_token or ""

        assert (await stranger.revoke(refresh_token)).status_code == 200
        assert running.validate(access_token, mcp_server.url).active

        assert (await itself.revoke(refresh_token)).status_code == 200
        assert not running.validate(access_token, mcp_server.url).active
        assert refusal(await itself.refresh(refresh_token)) == (400, "invalid_grant")

        app.browsing = person.agree
        assert (await app.whoami())["username"] == person.username

    assert len(app.opened) == 2


async def test_an_app_with_a_dead_refresh_token_asks_the_user(
    running: Running, mcp_server: ProtectedMcpServer, person: Person
) -> None:
    """A refused refresh (invalid_grant) leads to a new sign-in by the SDK and to working tokens."""
    async with install_app(mcp_server.url, person.connect) as app:
        await app.whoami()
        running.tokenhouse("grants", "revoke", running.validate(app.tokens.access_token, mcp_server.url).grant_id)
        # As if the hour were over: the SDK then tries the refresh token before anything else.
        app.oauth.context.token_expiry_time = 1.0
        app.browsing = person.agree
        answer = await app.whoami()

    assert answer["username"] == person.username
    assert len(app.opened) == 2
