"""Somebody with a browser and an authenticator in software, over HTTP."""

import re
from html import unescape

import httpx

from tests.authenticator import Authenticator
from tests.facade.pair import Pair
from tests.facade.road import hidden_fields
from tests.plain_http import plain_client

PASSWORD = "correct horse battery"
PAGE = "/account/passkeys"
_SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15"


class Owner:
    """A user of a test's own, with a browser and an authenticator."""

    def __init__(self, pair: Pair, username: str) -> None:
        self.pair, self.username = pair, username
        self.authenticator = Authenticator(pair.base, aaguid="00000000-0000-0000-0000-000000000000")
        self.new_browser()

    def new_browser(self) -> None:
        """One that nobody has used."""
        self.browser = plain_client(self.pair.base, headers={"User-Agent": _SAFARI})

    def first_step(self) -> httpx.Response:
        """Name and password at the user's own page."""
        page = self.browser.get("/account")
        return self.send(page, "/account/login", username=self.username, password=PASSWORD)

    def send(self, page: httpx.Response, action: str, **fields: str) -> httpx.Response:
        """The page's first form that goes to `action`."""
        return self.browser.post(action, data=hidden_fields(page, action) | fields)

    def begin(self, password: str = PASSWORD) -> httpx.Response:
        """The page where a browser makes one."""
        return self.send(self.browser.get(PAGE), f"{PAGE}/begin", password=password)

    def add(self, **fields: str) -> httpx.Response:
        """One more, of the signed-in user."""
        page = self.begin()
        return self.send(page, f"{PAGE}/add", response=self.authenticator.create(options(page)), **fields)

    def answer(self, page: httpx.Response, action: str, **changes: object) -> httpx.Response:
        """What the browser sends after the page has asked for a passkey; `changes` is what is wrong with it."""
        return self.send(page, action, response=self.authenticator.get(options(page), **changes))


def options(page: httpx.Response) -> str:
    """What the page's script asks the browser with."""
    found = re.search('data-options="([^"]*)"', page.text)
    assert found is not None, page.text
    return unescape(found.group(1))
