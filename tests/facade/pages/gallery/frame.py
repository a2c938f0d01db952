"""A real browser that is shown a page of the gallery; what the page loads comes from the server itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from playwright.sync_api import Browser, Page, Route

from tests.facade.pages.gallery.pages import Shown
from tests.facade.pair import Pair

Scheme = Literal["light", "dark"]

#: What a browser does of itself with the next page, in the window that is there: a new one costs a second each time.
_TURN = """async html => {
    const next = document.adoptNode(new DOMParser().parseFromString(html, 'text/html').documentElement);
    document.replaceChild(next, document.documentElement);
    await Promise.all([...document.querySelectorAll('link[rel=stylesheet]')].map(
        link => link.sheet || new Promise(loaded => { link.onload = loaded; })));
    document.querySelector('[autofocus]')?.focus();
    scrollTo(0, 0);
}"""


@contextmanager
def hang(browser: Browser, pair: Pair, *, width: int, **options: Any) -> Iterator["Frame"]:
    """A window of this width; `options` are those of a Playwright context."""
    context = browser.new_context(viewport={"width": width, "height": 640}, **options)
    yield Frame(context.new_page(), pair)
    context.close()


class Frame:
    """A window with one page after the other in it."""

    def __init__(self, page: Page, pair: Pair) -> None:
        self.page = page
        self._base = pair.base
        self._shown: Shown | None = None
        page.route("**/gallery/*", self._answer)
        page.route("**/second-factor/qr", self._answer_image)

    def show(self, shown: Shown, scheme: Scheme) -> None:
        """The page as it was answered; the first one with its headers, and so with the policy that they all have."""
        self.page.emulate_media(color_scheme=scheme)
        before, self._shown = self._shown, shown
        if before is None:
            self.page.goto(f"{self._base}/gallery/{shown.name}")
        elif before is not shown:
            self.page.evaluate(_TURN, shown.reply.text)

    def _answer(self, route: Route) -> None:
        assert self._shown is not None
        headers = {name: value for name, value in self._shown.reply.headers.items() if name != "content-length"}
        route.fulfill(status=200, headers=headers, body=self._shown.reply.content)

    def _answer_image(self, route: Route) -> None:
        assert self._shown is not None
        image = self._shown.image
        assert image is not None
        route.fulfill(headers={"content-type": image.headers["content-type"]}, body=image.content)
