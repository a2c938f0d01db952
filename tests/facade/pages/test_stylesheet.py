"""Whether everybody can read the pages: contrast, narrow windows, both colour schemes."""

import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

import facade
from tests.facade.pair import Pair
from tests.facade.road import Visit, register

_CSS = (Path(facade.__file__).parent / "static" / "page.css").read_text()
Scheme = Literal["light", "dark"]
_LIGHT, _DARK = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part)) for part in _CSS.split("@media", 2)[:2])
_TEXT = [
    ("ink", "card"), ("ink", "ground"), ("soft", "card"), ("soft", "ground"), ("accent", "card"),
    ("on-accent", "accent"), ("on-accent", "accent-over"), ("warn-ink", "warn-ground"), ("bad-ink", "bad-ground"),
]  # fmt: skip
_EDGES = [("field", "card"), ("focus", "card"), ("accent", "card"), ("bad-line", "card")]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two colours, from 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """WCAG 2.2 relative luminance, from 0 to 1."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [_LIGHT, _DARK], ids=["light", "dark"])
def test_text_and_edges_stand_out(scheme: dict[str, str]) -> None:
    """WCAG 2.2 AA: 4.5 for text (§1.4.3), 3 for the edges of fields and for focus (§1.4.11), in both schemes."""
    assert {(one, other) for one, other in _TEXT if contrast(scheme[one], scheme[other]) < 4.5} == set()
    assert {(one, other) for one, other in _EDGES if contrast(scheme[one], scheme[other]) < 3} == set()


def test_both_schemes_name_the_same_colours() -> None:
    """A colour that is missing in the dark is unreadable there."""
    assert _LIGHT.keys() == _DARK.keys()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_nothing_runs_out_of_the_window(pair: Pair, chromium: Browser, width: int, scheme: Scheme) -> None:
    """WCAG 2.2 §1.4.10: at 320 CSS pixels the longest name without a space wraps; targets are 24 pixels (§2.5.8)."""
    visit = Visit(pair, register(pair, name="W" * 300))
    context = chromium.new_context(viewport={"width": width, "height": 700}, color_scheme=scheme)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    sizes = "[...document.querySelectorAll('button, input:not([type=hidden])')].map(e => e.offsetHeight)"
    url = visit.browser.build_request("GET", "/oauth/v1/authorize", params=visit.parameters()).url
    page.goto(str(url))
    seen = [(page.evaluate(overflow), min(page.evaluate(sizes)))]
    # Whoever types before the page has had the first word is complained of by the browser.
    page.wait_for_selector("#username:focus")
    page.fill("#username", "admin")
    page.fill("#password", pair.password)
    page.click("button")
    page.wait_for_selector("button[value=allow]")
    seen.append((page.evaluate(overflow), min(page.evaluate(sizes))))
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    context.close()

    assert [beyond for beyond, _ in seen] == [0, 0]
    assert min(height for _, height in seen) >= 24
    assert (luminance("#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", ground)[:3])) > 0.5) == (
        scheme == "light"
    )
    assert complaints == []
