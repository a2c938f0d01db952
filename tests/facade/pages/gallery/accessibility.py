"""What axe-core finds at a page (WCAG 2.0 to 2.2, levels A and AA, and its own good practices)."""

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
_RUN = (
    "axe.run({resultTypes: ['violations']}).then(found => found.violations.map(each => [each.id, each.nodes[0].html]))"
)
#: How many pixels of the page are beyond the window.
BEYOND = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def find_faults(page: Page) -> list[str]:
    """Each rule that is broken, with the first element that breaks it; and whether anything runs out of the window."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
    broken = [f"{rule}: {element}" for rule, element in page.evaluate(_RUN)]
    # WCAG 2.2 §1.4.10.
    return broken + [f"{beyond} pixels beyond the window" for beyond in [page.evaluate(BEYOND)] if beyond > 0]
