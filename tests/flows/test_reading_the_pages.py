"""What a user sees, in a real browser, on the way through sign-in and consent."""

from tests.flows.app import register_app
from tests.flows.browser import Person
from tests.running import Running

_HOSTILE_NAME = "<img src=x onerror=alert(1)>&amp;<script>alert(2)</script>"


async def test_the_consent_page_says_who_asks_for_what(running: Running, person: Person) -> None:
    """Client, host of the redirect URI, each scope in words and the resource; a program on the user's own machine
    comes with a warning (MCP security best practices; RFC 8252 §8.6)."""
    async with register_app(running.issuer, "Notes on MCP") as app:
        await person.page.goto(app.authorization_url(scope="mcp", resource="https://mcp.example.com/mcp"))
        assert "Notes on MCP" in await person.text()
        await person.sign_in()
        await person.page.get_by_role("button", name="Allow", exact=True).wait_for()

        text = await person.text()
        assert "Notes on MCP" in await person.page.get_by_role("heading", level=1).inner_text()
        assert person.username in text
        assert "Use MCP servers as you" in text
        assert "https://mcp.example.com/mcp" in text
        assert "127.0.0.1" in text
        assert "Any program on your computer could be asking." in text
        assert "every service" not in text
        assert person.complaints == []


async def test_the_consent_page_of_a_web_app(running: Running, person: Person) -> None:
    """Where the answer goes to a host of its own the page names that host and does not warn of the user's machine."""
    async with register_app(running.issuer, "Visual editor", "https://vscode.dev/redirect") as app:
        await person.page.goto(app.authorization_url())
        await person.sign_in()
        await person.page.get_by_role("button", name="Allow", exact=True).wait_for()

        text = await person.text()
        assert "vscode.dev" in text
        assert "Any program on your computer" not in text
        assert person.complaints == []
        async with person.page.expect_request("https://vscode.dev/redirect?code=*"):
            await person.page.get_by_role("button", name="Allow", exact=True).click()


async def test_an_app_with_a_scheme_of_its_own(running: Running, person: Person) -> None:
    """Allow leads to the app's own scheme, which any program may have claimed (RFC 8252 §7.1, §8.6): the page warns,
    and its form-action lets the redirect through (CSP Level 3 §6.4.1)."""
    async with register_app(running.issuer, "An editor", "cursor://anysphere.cursor-mcp/oauth/callback") as app:
        await person.page.goto(app.authorization_url())
        await person.sign_in()
        allow = person.page.get_by_role("button", name="Allow", exact=True)
        await allow.wait_for()
        text = await person.text()
        assert "the program on your own computer that opens cursor: links" in text
        assert "Any program on your computer could be asking." in text
        # A policy that does not name the scheme would stop the redirect before this request.
        async with person.page.expect_request("cursor://anysphere.cursor-mcp/oauth/callback?code=*"):
            await allow.click()

    assert person.complaints == []


async def test_the_consent_page_without_a_resource(running: Running, person: Person) -> None:
    """A token for every service is announced in those words (no `resource`: the audience is the issuer)."""
    async with register_app(running.issuer) as app:
        await person.page.goto(app.authorization_url())
        await person.sign_in()
        await person.page.get_by_role("button", name="Allow", exact=True).wait_for()

        assert f"Everything you may do at every service of localhost:{running.port}." in await person.text()


async def test_a_hostile_client_name_is_text(running: Running, person: Person) -> None:
    """A name full of markup is shown as text on both pages and runs nothing."""
    dialogs = []
    person.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    async with register_app(running.issuer, _HOSTILE_NAME) as app:
        await person.page.goto(app.authorization_url())
        assert "<script>alert(2)</script>" in await person.text()
        assert await person.page.locator("script, img[onerror]").count() == 0
        await person.sign_in()
        await person.page.get_by_role("button", name="Allow", exact=True).wait_for()
        heading = await person.page.get_by_role("heading", level=1).inner_text()
        assert _HOSTILE_NAME in heading
        assert await person.page.locator("script, img[onerror]").count() == 0
        await person.allow()

    assert dialogs == []
    assert person.complaints == []


async def test_the_keyboard_is_enough(running: Running, person: Person) -> None:
    """Name, password and Allow without a mouse: focus starts where typing starts, and Tab reaches every button
    (WCAG 2.1.1)."""
    keyboard = person.page.keyboard
    async with register_app(running.issuer) as app:
        await person.page.goto(app.authorization_url())
        await person.page.wait_for_selector("#username:focus")
        await keyboard.type(person.username)
        await keyboard.press("Tab")
        await keyboard.type(person.password)
        await keyboard.press("Enter")
        await person.page.get_by_role("button", name="Allow", exact=True).wait_for()
        reached = []
        while "Allow" not in reached:
            await keyboard.press("Tab")
            reached.append(await person.page.evaluate("document.activeElement.innerText.trim()"))
            assert len(reached) < 10, reached
        await keyboard.press("Enter")
        await person.page.wait_for_selector("#done")
        assert (await app.redeem(await app.take_code())).status_code == 200

    assert "Deny" in reached


async def test_another_account(running: Running, person: Person) -> None:
    """ "Not you?" signs out and comes back to the same request as somebody else; it disconnects no tool."""
    running.add_user(f"{person.username}-two")
    async with register_app(running.issuer, "First") as first, register_app(running.issuer, "Second") as second:
        tokens = await first.get_tokens(person)
        await person.page.goto(second.authorization_url())
        await person.page.get_by_role("button", name="Not you?").click()
        person.username = f"{person.username}-two"
        await person.sign_in()
        await person.allow()
        others = (await second.redeem(await second.take_code())).json()

        assert running.validate(others["access_token"]).username == person.username
        assert running.validate(tokens["access_token"]).active
    assert person.complaints == []


async def test_the_cookies(running: Running, person: Person) -> None:
    """Three cookies, out of reach of scripts and of other sites' forms, that hold nothing of the request; the values of
    the session and of the remembered browser change at sign-in (RFC 6265bis §5.6.6, §5.6.7)."""
    async with register_app(running.issuer) as app:
        await person.page.goto(app.authorization_url(resource="https://mcp.example.com/mcp"))
        before = {cookie["name"] for cookie in await person.context.cookies()}
        await person.sign_in()
        await person.page.get_by_role("button", name="Allow", exact=True).wait_for()
        cookies = {cookie["name"]: cookie for cookie in await person.context.cookies()}
        await person.page.goto(app.authorization_url(prompt="login"))
        await person.sign_in()
        await person.page.get_by_role("button", name="Allow", exact=True).wait_for()
        again = {cookie["name"]: cookie["value"] for cookie in await person.context.cookies()}

    assert before == {"tokenhouse-browser"}
    assert cookies.keys() == {"tokenhouse-browser", "tokenhouse-session", "tokenhouse-remembered"}
    assert [(cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies.values()] == [(True, "Lax")] * 3
    assert await person.page.evaluate("document.cookie") == ""
    parameters = (app.client_id, app.state, app.callback.redirect_uri, "mcp.example.com", person.username)
    assert [each for each in parameters for cookie in cookies.values() if each in cookie["value"]] == []
    for name in ("tokenhouse-session", "tokenhouse-remembered"):
        assert again[name] != cookies[name]["value"]


async def test_a_request_that_cannot_be_trusted(running: Running, person: Person) -> None:
    """An unregistered redirect URI leads to a page that says what to do, never to a redirect (RFC 6749 §4.1.2.1)."""
    async with register_app(running.issuer) as app:
        app.callback.redirect_uri = app.callback.redirect_uri.replace("/callback", "/elsewhere")
        await person.page.goto(app.authorization_url())

        assert person.page.url.startswith(f"{running.issuer}/oauth/v1/authorize?")
        assert "Nothing was shared." in await person.text()
        assert await person.page.locator("form, a").count() == 0


async def test_two_tabs(running: Running, person: Person) -> None:
    """Two login pages wait in one browser: signing in at the first ends neither the form nor the request of the
    second."""
    async with register_app(running.issuer, "First") as first, register_app(running.issuer, "Second") as second:
        await person.page.goto(first.authorization_url())
        behind, person.page = person.page, await person.context.new_page()
        await person.connect(second.authorization_url())
        person.page = behind
        await person.sign_in()
        await person.allow()

        for app in (first, second):
            tokens = (await app.redeem(await app.take_code())).json()
            assert running.validate(tokens["access_token"]).username == person.username


async def test_a_long_and_odd_state(running: Running, person: Person) -> None:
    """The state comes back exactly as it was sent, however it had to travel through the forms (RFC 6749 §4.1.2)."""
    async with register_app(running.issuer) as app:
        app.state = "https://editor.example.com/callback?a=b&c=%2F+%20 \u00fc\U0001f511\"'<>;" * 40
        await person.connect(app.authorization_url())

        assert (await app.redeem(await app.take_code())).status_code == 200
