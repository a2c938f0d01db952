"""The browser of the browser tests: the one on the machine, else one that is installed here and now.

Chromium without its windows is asked for first: the same pages, for a third of the work that a person at a whole one is
(0.47 s of CPU instead of 1.5 s). A machine that has only the whole one is offered the other once.

python -m tests.browser
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from playwright.sync_api import sync_playwright

_SHELL = "chromium-headless-shell"
_NAMES = (_SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: There once it was tried to install the small one: where that cannot be, nobody waits for it twice.
_TRIED = Path(sys.prefix) / ".browser-tried"


@cache
def find_browser() -> str | None:
    """The executable for Playwright's `launch(executable_path=…)`; None when no browser on this machine runs."""
    on_path = (path for name in _NAMES if (path := shutil.which(name)))
    return next(filter(_runs, on_path), None) or _find_playwright_browser()


def get_browser() -> str:
    """The executable, as `find_browser` finds it.

    Raises:
        RuntimeError: there is none; says what to install.
    """
    browser = find_browser()
    if browser is None:
        raise RuntimeError(f"the browser tests need a Chromium: install one of {', '.join(_NAMES)}, or run `make test`")
    return browser


def install_browser() -> None:
    """Install one: Debian's where that is possible, else the one that Playwright brings."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "--quiet=2"], env=environment, check=False)
        for package in (_SHELL, "chromium"):
            install = ["apt-get", "install", "--quiet=2", "--yes", "--no-install-recommends", package]
            subprocess.run(install, env=environment, stdout=subprocess.DEVNULL, check=False)
            find_browser.cache_clear()
            if find_browser() is not None:
                break
    if find_browser() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
        find_browser.cache_clear()


def main() -> int:
    """Make sure that there is a browser; 1 when there is none in the end."""
    if find_browser() is None or not (shutil.which(_SHELL) or _TRIED.exists()):
        install_browser()
        _TRIED.touch()
    try:
        get_browser()
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _find_playwright_browser() -> str | None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() and _runs(path) else None


def _runs(path: str) -> bool:
    # A package may leave a script behind that only says where else to get the browser.
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    sys.exit(main())
