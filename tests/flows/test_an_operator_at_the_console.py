"""An operator looks who is connected, and cuts one app off: in a browser, with the keyboard alone."""

from playwright.async_api import Browser, Page

from tests.flows.app import refusal, register_app
from tests.flows.browser import Person, sit_down
from tests.running import Running

_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def _follow(page: Page, name: str) -> None:
    """Go to a link or a button with the keyboard, and press it."""
    target = page.get_by_role("link", name=name).or_(page.get_by_role("button", name=name)).first
    await target.focus()
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def test_one_app_is_cut_off(running: Running, browser: Browser, person: Person) -> None:
    """From the overview to the question to the end of the grant: the next validation refuses the token."""
    running.add_user("watcher", "operators")
    async with register_app(running.issuer) as app, sit_down(browser, "watcher") as operator:
        tokens = await app.get_tokens(person)
        page = operator.page
        await page.set_viewport_size({"width": 360, "height": 740})
        await page.goto(f"{running.issuer}/admin")
        await operator.sign_in()
        await page.get_by_role("heading", name="Overview").wait_for()
        seen = [await page.evaluate(_OVERFLOW)]
        for way in ("Apps", "Figures", "Keys", "Doctor", "Audit", "Users"):
            await _follow(page, way)
            seen.append(await page.evaluate(_OVERFLOW))
        await _follow(page, person.username)
        await page.get_by_role("row").filter(has_text="connected").get_by_role("link").first.click()
        before = running.validate(tokens["access_token"]).active
        await _follow(page, "Revoke…")
        asked = running.validate(tokens["access_token"]).active
        await _follow(page, "Revoke")

        assert "The grant has ended." in await operator.text()
        assert (before, asked, running.validate(tokens["access_token"]).active) == (True, True, False)
        assert refusal(await app.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
        assert seen == [0] * 7
        assert operator.complaints == []
