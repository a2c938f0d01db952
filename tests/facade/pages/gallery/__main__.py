"""Takes the README's pictures anew: `make screenshots`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import get_browser
from tests.facade.pages.gallery.screenshots import FOLDER, LARGEST, take_all
from tests.facade.pair import Pair


def main() -> None:
    """Starts a server of its own, and replaces what is in the folder."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Pair(Path(folder), facade_options=("--name", "Example")) as pair,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=get_browser(), args=["--no-sandbox"])
        pictures = {picture.file: png for picture, png in take_all(browser, pair)}
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    for name, png in pictures.items():
        (FOLDER / name).write_bytes(png)
        sys.stdout.write(f"{len(png):6} {name}{' is too large' if len(png) > LARGEST else ''}\n")


if __name__ == "__main__":
    main()
