"""A user looks at what they have connected, and ends it, in a real browser."""

from tests.flows.app import register_app
from tests.flows.browser import Person
from tests.running import Running


async def test_disconnecting_with_the_keyboard_on_a_telephone(running: Running, person: Person) -> None:
    """WCAG 2.1.1, 1.4.10: the page is readable at 360 pixels, each app's button says whose it is, and pressing it ends
    the app's tokens and leaves the other's; the page then says what is left."""
    await person.page.set_viewport_size({"width": 360, "height": 640})
    async with (
        register_app(running.issuer, "Notes on MCP") as notes,
        register_app(running.issuer, "An editor whose name is as long as names can be on a telephone") as editor,
    ):
        gone, kept = await notes.get_tokens(person), None
        await person.agree(editor.authorization_url(scope="mcp", resource="https://mcp.example.com/a/rather/long/path"))
        kept = (await editor.redeem(await editor.take_code())).json()
        await person.page.goto(f"{running.issuer}/account")
        text = await person.text()
        width = await person.page.evaluate("document.documentElement.scrollWidth")
        button = person.page.get_by_role("button", name="Disconnect “Notes on MCP”")
        await button.focus()
        await person.page.keyboard.press("Enter")
        await button.wait_for(state="detached")

        assert f"Signed in as {person.username}" in text
        assert "Notes on MCP" in text
        assert "Your own computer (127.0.0.1), 1 installation" in text
        assert "https://mcp.example.com/a/rather/long/path" in text
        assert width == 360
        assert not running.validate(gone["access_token"]).active
        assert running.validate(kept["access_token"], "https://mcp.example.com/a/rather/long/path").active
        assert "An editor" in await person.text()
    assert person.complaints == []
