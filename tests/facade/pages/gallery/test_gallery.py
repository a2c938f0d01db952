"""Every page, as a browser gets it: that everybody can use it, and that the README shows it as it is."""

import io
import itertools
import re
from pathlib import Path

import pytest
from jinja2 import Environment, nodes
from PIL import Image
from playwright.sync_api import Browser

import facade
from facade.pages.console.charts import MOST_SERIES
from facade.texts.languages import CATALOGUES
from tests.facade.pages.gallery.accessibility import BEYOND, find_faults
from tests.facade.pages.gallery.frame import Scheme, hang
from tests.facade.pages.gallery.pages import Gallery, Shown
from tests.facade.pages.gallery.screenshots import FOLDER, LARGEST, PHONE, PICTURES
from tests.facade.pair import Pair
from tests.repository.checkout import ROOT, text_of

_TEMPLATES = Path(facade.__file__).parent / "templates"
#: Opens every table, and repeats its last column until there are so many beside the times.
_MOST_COLUMNS = """count => {
    for (const row of document.querySelectorAll('figure tr'))
        while (row.cells.length < count + 1) row.append(row.lastElementChild.cloneNode(true));
    for (const each of document.querySelectorAll('figure details')) each.open = true;
}"""
_BEYOND_THEIR_PLACE = """[...document.querySelectorAll('figure details')].map(each => {
    const [table, place] = [each.querySelector('table'), each].map(one => one.getBoundingClientRect().right);
    return Math.ceil(table - place);
})"""
_USES = (nodes.Extends, nodes.Import, nodes.FromImport, nodes.Include)


@pytest.fixture(scope="module")
def walks(pair: Pair) -> dict[str, list[Shown]]:
    """All pages, by language."""
    gallery = Gallery(pair)
    return {language: [*gallery.walk(language)] for language in CATALOGUES}


def _whole_pages() -> set[str]:
    """The templates that no other one is made from."""
    environment = Environment(autoescape=True)
    trees = {
        str(path.relative_to(_TEMPLATES)): environment.parse(path.read_text()) for path in _TEMPLATES.rglob("*.html")
    }
    used = {
        use.template.value
        for tree in trees.values()
        for use in tree.find_all(_USES)
        if isinstance(use, _USES) and isinstance(use.template, nodes.Const)
    }
    return set(trees) - used


def test_the_gallery_has_every_page_in_every_language(walks: dict[str, list[Shown]]) -> None:
    """A template that nobody walks past is a page that nobody has looked at: add it to `pages.py` here."""
    for language, walk in walks.items():
        assert {shown.template for shown in walk} == _whole_pages()
        assert {shown.reply.headers["Content-Language"] for shown in walk} == {language}
        # A browser shows anything else as text, in which axe finds nothing either.
        assert {shown.reply.headers["Content-Type"] for shown in walk} == {"text/html; charset=utf-8"}


def test_axe_finds_nothing(pair: Pair, chromium: Browser, walks: dict[str, list[Shown]]) -> None:
    """WCAG 2.2 AA, as far as a machine can tell, at 360 pixels; every other page in German, and in the dark."""
    ways: list[tuple[str, Scheme]] = [("en", "light"), ("de", "dark")]
    faults = {}
    with hang(chromium, pair, width=PHONE) as frame:
        for pages, (language, scheme) in zip(zip(*walks.values(), strict=True), itertools.cycle(ways), strict=False):
            shown = pages[[*walks].index(language)]
            frame.show(shown, scheme)
            faults[shown.name, language, scheme] = find_faults(frame.page)

    assert {page: found for page, found in faults.items() if found} == {}


def test_tables_below_charts_stay_in_their_place(pair: Pair, chromium: Browser, walks: dict[str, list[Shown]]) -> None:
    """WCAG 2.2 §1.4.10: opened, with as many columns as there can be and the longest headings, in a wide window."""
    [shown] = (shown for shown in walks["de"] if shown.name == "console_statistics")
    with hang(chromium, pair, width=1000) as frame:
        frame.show(shown, "light")
        frame.page.evaluate(_MOST_COLUMNS, MOST_SERIES)
        beyond = frame.page.evaluate(_BEYOND_THEIR_PLACE)

    assert len(beyond) > 1
    assert max(beyond) <= 0


def test_buttons_have_room_for_the_longest_verbs(pair: Pair, chromium: Browser, walks: dict[str, list[Shown]]) -> None:
    """WCAG 2.2 §1.4.10: at 320 pixels nothing of an act that is asked once more runs out of the window."""
    [shown] = (shown for shown in walks["de"] if shown.name == "console_confirm")
    acts = CATALOGUES["de"].section("console.act")
    verbs = [str(verb) for key, verb in acts if key.endswith(".verb")]
    with hang(chromium, pair, width=320) as frame:
        frame.show(shown, "light")
        button = frame.page.locator("button.primary")
        beyond = {}
        for verb in verbs:
            button.evaluate("(button, verb) => { button.textContent = verb; }", verb)
            beyond[verb] = frame.page.evaluate(BEYOND)

    assert len(beyond) > 1
    assert {verb: pixels for verb, pixels in beyond.items() if pixels > 0} == {}


def test_axe_would_find_something(pair: Pair, chromium: Browser, walks: dict[str, list[Shown]]) -> None:
    """The look is a real one: an image without words, too little contrast in the dark alone, and a line too long."""
    with hang(chromium, pair, width=PHONE, bypass_csp=True) as frame:
        frame.show(walks["en"][0], "dark")
        frame.page.add_style_tag(
            content="@media (prefers-color-scheme: dark) { .lead { color: #333 } } p.note { width: 999px }"
        )
        frame.page.evaluate("document.querySelector('.house img').removeAttribute('alt')")
        found = [fault.partition(":")[0] for fault in find_faults(frame.page)]

    assert {"color-contrast", "image-alt"} <= set(found)
    assert re.fullmatch(r"\d+ pixels beyond the window", found[-1])


_BROKEN = """() => {
    const found = [], range = document.createRange();
    for (const table of document.querySelectorAll('table'))
        if (table.scrollWidth > table.parentElement.clientWidth) found.push('a table');
    for (const set of document.querySelectorAll('.breakable, time')) {
        const texts = document.createTreeWalker(set, NodeFilter.SHOW_TEXT);
        while (texts.nextNode())
            for (const word of texts.currentNode.data.matchAll(set.matches('time') ? /[^ ]+/g : /[^\\s-]+/g)) {
                range.setStart(texts.currentNode, word.index);
                range.setEnd(texts.currentNode, word.index + word[0].length);
                const lines = [...range.getClientRects()], wide = lines.reduce((sum, line) => sum + line.width, 0);
                const room = set.closest('td > div, dd, li, p, summary, div').clientWidth;
                if (new Set(lines.map(line => line.top)).size > 1 && wide < room) found.push(word[0]);
            }
    }
    return found;
}"""


def test_no_address_code_or_date_of_the_console_is_torn(
    pair: Pair, chromium: Browser, walks: dict[str, list[Shown]]
) -> None:
    """A line ends where the page says that it may, on a phone and where the tables are as narrow as they become; and no
    table is wider than its page."""
    torn = {}
    for width in (PHONE, 1089):
        with hang(chromium, pair, width=width) as frame:
            for shown in walks["de"]:
                if shown.template.startswith("console/"):
                    frame.show(shown, "light")
                    torn[shown.name, width] = frame.page.evaluate(_BROKEN)

    assert {page: found for page, found in torn.items() if found} == {}
    assert ("console_limits", PHONE) in torn


def test_the_readme_shows_every_page(walks: dict[str, list[Shown]]) -> None:
    """Each page has a picture that `make screenshots` has taken, small enough to be loaded with the rest."""
    files = {picture.file: picture for picture in PICTURES}
    readme = text_of(ROOT / "README.md")

    assert {picture.page for picture in PICTURES} == {shown.name for shown in walks["en"]}
    assert {path.name for path in FOLDER.iterdir()} == set(files)
    assert set(re.findall(r'<img src="tests/screenshots/([^"]+)"', readme)) == set(files)
    for name, picture in files.items():
        png = (FOLDER / name).read_bytes()
        assert len(png) <= LARGEST
        assert Image.open(io.BytesIO(png)).width == picture.width
