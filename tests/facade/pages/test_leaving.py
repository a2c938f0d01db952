"""The way from our pages back to the app, in a real browser, which holds the page's policy against every step."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Page

from tests.facade.pair import Pair
from tests.facade.road import Visit, register


class Elsewhere(BaseHTTPRequestHandler):
    """An app's listener that sends the browser on to another origin, as many do when they have their code."""

    def do_GET(self) -> None:
        onward = self.path.startswith("/callback")
        self.send_response(302 if onward else 200)
        if onward:
            self.send_header("Location", f"http://localhost:{self.headers['Host'].rpartition(':')[2]}/done")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def listener() -> Iterator[ThreadingHTTPServer]:
    """The listener, on a free port of 127.0.0.1."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def open_consent(page: Page, visit: Visit) -> None:
    """From the start to the consent page."""
    page.goto(str(visit.browser.build_request("GET", "/oauth/v1/authorize", params=visit.parameters()).url))
    page.fill("#username", "admin")
    page.fill("#password", visit.pair.password)
    page.click("button")
    page.wait_for_selector("button[value=allow]")


def test_a_private_scheme_may_answer_a_form(pair: Pair, page: Page) -> None:
    """Chromium follows the consent form's answer to cursor:// (RFC 8252 §7.1, CSP Level 3 §6.4.1)."""
    redirect_uri = "cursor://anysphere.cursor-mcp/oauth/callback"
    open_consent(page, Visit(pair, register(pair, redirect_uri), redirect_uri))
    with page.expect_request(lambda request: request.url.startswith("cursor:")) as followed:
        page.click("button[value=deny]", no_wait_after=True)

    assert followed.value.url.startswith(f"{redirect_uri}?error=access_denied")


def test_the_app_may_send_the_browser_on(pair: Pair, page: Page, listener: ThreadingHTTPServer) -> None:
    """A redirect of the app's own to another origin is not blocked by our page's policy (CSP Level 3 §6.4.1)."""
    redirect_uri = f"http://127.0.0.1:{listener.server_address[1]}/callback"
    open_consent(page, Visit(pair, register(pair, redirect_uri), redirect_uri))
    page.click("button[value=allow]")
    page.wait_for_url(f"http://localhost:{listener.server_address[1]}/done")
