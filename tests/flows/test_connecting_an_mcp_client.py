"""A user connects an MCP client to a protected MCP server: the MCP SDK's own OAuth, a real browser, gRPC validation."""

import pytest
from mcp.client.auth import OAuthFlowError

from tests.flows.browser import Person
from tests.flows.mcp_client import install_app
from tests.flows.mcp_server import ProtectedMcpServer
from tests.running import Running


async def test_a_user_connects_and_calls_a_tool(mcp_server: ProtectedMcpServer, person: Person) -> None:
    """Discovery, registration, sign-in, consent, code and token: the tool call arrives with the user's name and
    groups (MCP authorization; RFC 9728, 8414, 7591, 7636, 8707, 9207)."""
    async with install_app(mcp_server.url, person.connect) as app:
        answer = await app.whoami()

    assert (answer["username"], answer["groups"]) == (person.username, ["analysts", "writers"])
    assert "mcp" in answer["scopes"]
    assert len(app.opened) == 1
    assert person.complaints == []


async def test_a_user_connects_a_second_app_without_signing_in_again(
    mcp_server: ProtectedMcpServer, person: Person
) -> None:
    """Signed-in users skip login, never the consent to a client that cannot prove who it is (RFC 6749 §10.2)."""
    async with (
        install_app(mcp_server.url, person.connect) as first,
        install_app(mcp_server.url, person.agree) as second,
    ):
        await first.whoami()
        await second.whoami()

    assert first.keychain.client is not None
    assert second.keychain.client is not None
    # The same software on the same machine is the same client, whatever port its listener has got.
    assert first.keychain.client.client_id == second.keychain.client.client_id
    assert first.tokens.refresh_token != second.tokens.refresh_token


async def test_a_user_denies(mcp_server: ProtectedMcpServer, person: Person) -> None:
    """Deny reaches the client as access_denied, with its state and the issuer (RFC 6749 §4.1.2.1, RFC 9207 §2)."""

    async def refuse(url: str) -> None:
        await person.page.goto(url)
        await person.sign_in()
        await person.deny()

    async with install_app(mcp_server.url, refuse) as app:
        # The SDK has checked state and iss before it misses the code.
        with pytest.RaisesGroup(
            pytest.RaisesExc(OAuthFlowError, match="No authorization code"),
            flatten_subgroups=True,
            allow_unwrapped=True,
        ):
            await app.whoami()

    assert app.callback.last["error"] == "access_denied"
    assert "code" not in app.callback.last
    assert app.keychain.tokens is None


async def test_a_user_mistypes_the_password(mcp_server: ProtectedMcpServer, person: Person) -> None:
    """A wrong password is said in words that do not tell whether the name exists; the right one then goes on."""
    said = []

    async def stumble(url: str) -> None:
        await person.page.goto(url)
        await person.sign_in("not my password")
        said.append(await person.page.get_by_role("alert").inner_text())
        assert await person.page.get_by_label("User name").input_value() == person.username
        assert await person.page.get_by_label("Password").input_value() == ""
        await person.sign_in()
        await person.allow()

    async with install_app(mcp_server.url, stumble) as app:
        answer = await app.whoami()

    assert said == ["The user name or the password is wrong."]
    assert answer["username"] == person.username


async def test_a_users_groups_change(running: Running, mcp_server: ProtectedMcpServer, person: Person) -> None:
    """Validation returns the groups the user has now, not those of the sign-in."""
    async with install_app(mcp_server.url, person.connect) as app:
        before = await app.whoami()
        running.tokenhouse("users", "set-groups", person.username, "auditors")
        after = await app.whoami()

    assert (before["groups"], after["groups"]) == (["analysts", "writers"], ["auditors"])
    assert len(app.opened) == 1


async def test_nothing_secret_is_written_to_a_log(
    running: Running, mcp_server: ProtectedMcpServer, person: Person
) -> None:
    """No password, code, token, state or sealed request stands in a log after a whole road with a slip on the way."""
    sealed = []

    async def stumble(url: str) -> None:
        await person.page.goto(url)
        await person.sign_in("a slip of the hand")
        await person.page.get_by_role("alert").wait_for()
        await person.sign_in()
        sealed.append(await person.page.locator("[name=sealed_request]").first.get_attribute("value"))
        await person.allow()

    async with install_app(mcp_server.url, stumble) as app:
        await app.whoami()

    cookies = [cookie["value"] for cookie in await person.context.cookies()]
    answer, tokens = app.callback.last, app.tokens
    secrets = [answer["code"], answer["state"], tokens.access_token, tokens.refresh_token, *sealed, *cookies]
    log = running.read_logs()
    assert "a slip of the hand" not in log
    assert person.password not in log
    assert [secret for secret in secrets if secret is None or secret in log] == []
    # The log is the one of these requests.
    assert "/oauth/v1/token" in log
