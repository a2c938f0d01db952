"""A user lets a terminal in that has no browser: its code is typed, or comes by link, in a browser elsewhere."""

from tests.flows.browser import Person
from tests.flows.terminal import open_terminal
from tests.running import Running


async def test_by_the_link(running: Running, person: Person) -> None:
    """RFC 8628 §3.3.1, §5.4: the link leads through the login to the code, and no further; the question shows the code
    and warns of codes that somebody else sent; the terminal acts as the user who said yes."""
    async with open_terminal(running.issuer, "Nightly deploy") as terminal:
        await person.page.goto(terminal.shown["verification_uri_complete"])
        await person.sign_in()
        field = person.page.get_by_label("Is this the code that your device shows?")
        assert await field.input_value() == terminal.shown["user_code"]
        assert (await terminal.poll())["error"] == "authorization_pending"
        await person.page.get_by_role("button", name="Continue").click()
        allow = person.page.get_by_role("button", name="Allow", exact=True)
        await allow.wait_for()
        question = await person.text()
        await allow.click()
        await person.page.get_by_role("heading", name="Go back to your device").wait_for()
        tokens = await terminal.poll()
        refreshed = await terminal.refresh(tokens["refresh_token"])

    assert "Nightly deploy" in question
    assert terminal.shown["user_code"] in question
    assert "Did somebody send you this code or a link? Then press Deny: they would act as you." in question
    assert f"Signed in as {person.username}" in question
    assert "Use MCP servers as you" in question
    assert running.validate(refreshed["access_token"]).username == person.username
    assert person.complaints == []


async def test_typed_on_a_telephone(running: Running, person: Person) -> None:
    """RFC 8628 §6.1, WCAG 2.1.1, 1.4.10: in any case, without the dash, with the keyboard alone, on a screen 360 pixels
    wide; a mistyped code asks again; and a no is a no."""
    await person.page.set_viewport_size({"width": 360, "height": 640})
    keyboard, widths = person.page.keyboard, []

    async def type_code(code: str, then: str) -> None:
        await person.page.wait_for_selector("#user_code:focus")
        widths.append(await person.page.evaluate("document.documentElement.scrollWidth"))
        await keyboard.press("Control+A")
        await keyboard.type(code)
        await keyboard.press("Enter")
        await person.page.wait_for_selector(then)

    async with open_terminal(
        running.issuer, "A terminal with a name that is as long as names are on a telephone"
    ) as terminal:
        await person.page.goto(terminal.shown["verification_uri"])
        await person.sign_in()
        await type_code("hklmq rtwxy", "#problem")
        problem = await person.page.get_by_role("alert").inner_text()
        await type_code(terminal.shown["user_code"].lower().replace("-", " "), "button[value=deny]")
        widths.append(await person.page.evaluate("document.documentElement.scrollWidth"))
        reached: list[str] = []
        while "Deny" not in reached:
            await keyboard.press("Tab")
            reached.append(await person.page.evaluate("document.activeElement.innerText.trim()"))
            assert len(reached) < 10, reached
        await keyboard.press("Enter")
        await person.page.get_by_role("heading", name="Nothing was allowed").wait_for()

        assert (await terminal.poll())["error"] == "access_denied"
    assert problem.startswith("This code is unknown, has expired or was used before.")
    assert widths == [360] * 3
    # The page that asks again has the status of a refusal, which the browser writes to its console.
    assert [each for each in person.complaints if "status of 400" not in each] == []
