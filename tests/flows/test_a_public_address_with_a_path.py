"""A server whose public address, and so its issuer, has a path (RFC 8414 §3.1)."""

from collections.abc import Callable

from playwright.async_api import Browser

from tests.flows.browser import sit_down
from tests.flows.mcp_client import install_app
from tests.flows.mcp_server import ProtectedMcpServer
from tests.plain_http import plain_client
from tests.running import Running


async def test_a_user_connects(browser: Browser, start: Callable[..., Running]) -> None:
    """The whole road works below the path, from the inserted well-known form, and the appended form says the same."""
    running = start("/auth")
    running.add_user("ada", "analysts")
    origin = f"http://localhost:{running.port}"
    with ProtectedMcpServer(running) as server, plain_client() as http:
        inserted = http.get(f"{origin}/.well-known/oauth-authorization-server/auth")
        appended = http.get(f"{origin}/auth/.well-known/oauth-authorization-server")
        assert (inserted.status_code, inserted.json()) == (200, appended.json())
        assert inserted.json()["issuer"] == running.issuer
        endpoints = [inserted.json()[name] for name in inserted.json() if name.endswith(("_endpoint", "_uri"))]
        assert [each for each in endpoints if not each.startswith(f"{origin}/auth/oauth/v1/")] == []
        # Another issuer's well-known address is not ours.
        assert http.get(f"{origin}/.well-known/oauth-authorization-server").status_code == 404

        async with sit_down(browser, "ada") as person, install_app(server.url, person.connect) as app:
            answer = await app.whoami()
            assert (answer["username"], answer["groups"]) == ("ada", ["analysts"])
            assert app.callback.last["iss"] == running.issuer
            app.oauth.context.token_expiry_time = 1.0
            await app.whoami()
            assert person.complaints == []

    assert len(app.opened) == 1
