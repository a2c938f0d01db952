"""A user looks at what they have connected, and ends it, in a real browser."""

import re
import time

import pyotp

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


async def test_a_code_on_the_way_to_an_app(running: Running, person: Person) -> None:
    """RFC 6238, WCAG 2.1.1: switched on with the keyboard, from what the page shows; the next app asks for name,
    password and code, each where typing starts, and only then for the consent; a recovery code does as well."""
    keyboard = person.page.keyboard
    await person.page.goto(f"{running.issuer}/account")
    await person.sign_in()
    await person.page.get_by_role("link", name="Codes from your telephone").click()
    await person.page.get_by_role("button", name="Set up").click()
    image = person.page.get_by_role("img", name=re.compile("QR code"))
    assert await image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    secret = (await person.page.locator("p.detail").inner_text()).replace(" ", "")
    await person.page.wait_for_selector("#code:focus")
    await keyboard.type(pyotp.TOTP(secret).now())
    await keyboard.press("Tab")
    await keyboard.type(person.password)
    await keyboard.press("Enter")
    await person.page.get_by_role("heading", name="Recovery codes").wait_for()
    recovery_codes = await person.page.locator(".codes li").all_inner_texts()
    # That of the next step: the one before is used up, and this one is good for a while, however slow the browser is.
    for code in (pyotp.TOTP(secret).at(time.time(), counter_offset=1), recovery_codes[0]):
        await person.context.clear_cookies()
        async with register_app(running.issuer, "Behind a code") as app:
            await person.page.goto(app.authorization_url())
            await person.sign_in()
            await person.page.wait_for_selector("#code:focus")
            await keyboard.type(code)
            await keyboard.press("Enter")
            await person.allow()
            tokens = (await app.redeem(await app.take_code())).json()
            assert running.validate(tokens["access_token"]).username == person.username

    assert len(recovery_codes) == 10
    assert person.complaints == []
