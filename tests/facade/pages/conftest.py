"""A real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import get_browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a module."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=get_browser(), args=["--no-sandbox"])


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page without cookies."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()
