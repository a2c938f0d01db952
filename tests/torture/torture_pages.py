"""Every page, in each language and both schemes, narrow and wide, as it comes and with an operator's own colours."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from core.cli.processes import facade_command
from core.config.load import load_config
from facade.texts.languages import CATALOGUES
from tests.browser import get_browser
from tests.facade.pages.gallery.accessibility import find_faults
from tests.facade.pages.gallery.frame import Scheme, hang
from tests.facade.pages.gallery.pages import Gallery
from tests.facade.pages.gallery.screenshots import PHONE, WIDE
from tests.facade.pair import Pair

_SCHEMES: tuple[Scheme, ...] = ("light", "dark")
_SETTINGS = ((), ("Name = Acme & Sons", "AccentColor = b0185f", "GroundColor = eaf0f8", "GroundColorDark = 0b0d12"))


@pytest.mark.parametrize("settings", _SETTINGS, ids=["ours", "theirs"])
def test_axe_finds_nothing(tmp_path: Path, settings: Sequence[str]) -> None:
    """WCAG 2.2 AA, as far as a machine can tell; what an operator may choose can be read as well as ours."""
    file = tmp_path / "pages.conf"
    file.write_text("\n".join(["[Pages]", *settings, ""]))
    command = facade_command(load_config(file, {}))
    options = tuple(command[command.index("--core-socket") + 2 :])
    seen, faults = 0, {}
    with Pair(tmp_path, facade_options=options) as pair, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=get_browser(), args=["--no-sandbox"])
        gallery = Gallery(pair)
        # Whoever has switched a second factor on does not do so a second time.
        walked = {language: [*gallery.walk(language)] for language in CATALOGUES}
        for language, width in product(CATALOGUES, (PHONE, WIDE)):
            with hang(browser, pair, width=width) as frame:
                for shown, scheme in product(walked[language], _SCHEMES):
                    frame.show(shown, scheme)
                    seen += 1
                    if found := find_faults(frame.page):
                        faults[shown.name, language, scheme, width] = found
        browser.close()
    print(f"{seen} looks at pages, {len(faults)} with faults")  # noqa: T201

    assert faults == {}
