"""A person at a real browser: what they type and press, and what the browser complained about meanwhile."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.patience import PATIENCE
from tests.running import PASSWORD

_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Where a client's redirect URI is somebody else's host, the test ends at the door of this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


@asynccontextmanager
async def launch_browser(executable: str) -> AsyncIterator[Browser]:
    """One browser for many people."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=_FLAGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def sit_down(browser: Browser, username: str, password: str = PASSWORD) -> AsyncIterator["Person"]:
    """A person with a browser profile of their own."""
    context = await browser.new_context()
    context.set_default_timeout(PATIENCE * 1000)
    yield Person(context, await context.new_page(), username, password)
    await context.close()


class Person:
    """Somebody with a user name and a password."""

    def __init__(self, context: BrowserContext, page: Page, username: str, password: str) -> None:
        self.context = context
        self.page = page
        self.username = username
        self.password = password
        #: Errors and refusals (CSP's too) that the browser wrote to its console.
        self.complaints: list[str] = []
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def sign_in(self, password: str | None = None) -> None:
        """Fill in the login form and send it; leaves the wrong password's page where it stands."""
        await self.page.get_by_label("User name").fill(self.username)
        await self.page.get_by_label("Password").fill(self.password if password is None else password)
        await self.page.get_by_role("button", name="Sign in", exact=True).click()

    async def allow(self) -> None:
        """Press Allow and wait until the browser is back at the client."""
        await self._decide("Allow")

    async def deny(self) -> None:
        """Press Deny and wait until the browser is back at the client."""
        await self._decide("Deny")

    async def connect(self, url: str) -> None:
        """The whole road from a client's authorization URL: sign in, allow."""
        await self.page.goto(url)
        await self.sign_in()
        await self.allow()

    async def agree(self, url: str) -> None:
        """The road of somebody who is signed in: allow."""
        await self.page.goto(url)
        await self.allow()

    async def text(self) -> str:
        """What the page says."""
        return await self.page.inner_text("body")

    async def _decide(self, answer: str) -> None:
        await self.page.get_by_role("button", name=answer, exact=True).click()
        await self.page.wait_for_selector("#done")

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)
