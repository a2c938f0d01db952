"""The pictures in the README: which there are, and how they are taken."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, FloatRect

from tests.facade.pages.gallery.frame import Scheme, hang
from tests.facade.pages.gallery.pages import Gallery, Shown
from tests.facade.pair import Pair

FOLDER = Path(__file__).parents[3] / "screenshots"
PHONE, WIDE = 360, 1120
#: In bytes, each.
LARGEST = 60 * 1024
#: Pages are flat: so many colours tell nobody's eye anything new.
_COLORS = 64


#: In pixels; below that a page says more of the same.
_TALLEST = 1000


@dataclass(frozen=True)
class Picture:
    """One picture; `page` is the name of a page of the gallery."""

    page: str
    width: int = PHONE
    scheme: Scheme = "light"
    language: str = "en"

    @property
    def file(self) -> str:
        """Says what is not the usual."""
        marks = [
            self.page,
            self.language if self.language != "en" else "",
            self.scheme if self.scheme == "dark" else "",
        ]
        return "-".join(mark for mark in marks if mark) + ".png"


PICTURES = (
    Picture("login"),
    Picture("login", language="de", scheme="dark"),
    Picture("login_refused"),
    Picture("consent"),
    Picture("consent", scheme="dark"),
    Picture("consent", language="de"),
    Picture("login_providers"),
    Picture("leaving"),
    Picture("device"),
    Picture("device_consent"),
    Picture("device_decided"),
    Picture("error"),
    Picture("account"),
    Picture("account", WIDE, "dark", "de"),
    Picture("account_password"),
    Picture("passkeys"),
    Picture("passkey_new"),
    Picture("passkey_login"),
    Picture("second_factor_off"),
    Picture("second_factor_waiting"),
    Picture("second_factor_on"),
    Picture("second_factor_login"),
    Picture("recovery_codes"),
    Picture("console_overview", WIDE),
    Picture("console_overview", WIDE, "dark"),
    Picture("console_clients", WIDE),
    Picture("console_client", WIDE),
    Picture("console_users", WIDE),
    Picture("console_user", WIDE),
    Picture("console_grants", WIDE),
    Picture("console_grant", WIDE),
    Picture("console_keys", WIDE),
    Picture("console_connections", WIDE),
    Picture("console_audit", WIDE),
    Picture("console_limits", WIDE),
    Picture("console_statistics", WIDE),
    Picture("console_statistics", WIDE, "dark"),
    Picture("console_confirm"),
    Picture("console_done"),
    Picture("console_nothing"),
    Picture("console_not_an_operator"),
)


def take_all(browser: Browser, pair: Pair) -> Iterator[tuple[Picture, bytes]]:
    """Each picture, in PNG."""
    gallery = Gallery(pair)
    for language in sorted({picture.language for picture in PICTURES}, reverse=True):
        pages = {shown.name: shown for shown in gallery.walk(language)}
        for picture in PICTURES:
            if picture.language == language:
                yield picture, _take(browser, pair, picture, pages[picture.page])


def _take(browser: Browser, pair: Pair, picture: Picture, shown: Shown) -> bytes:
    with hang(browser, pair, width=picture.width) as frame:
        frame.show(shown, picture.scheme)
        height = min(frame.page.evaluate("document.documentElement.scrollHeight"), _TALLEST)
        clip: FloatRect = {"x": 0, "y": 0, "width": picture.width, "height": height}
        taken = frame.page.screenshot(full_page=True, clip=clip)
    small = io.BytesIO()
    Image.open(io.BytesIO(taken)).convert("RGB").quantize(_COLORS).save(small, "PNG", optimize=True)
    return small.getvalue()
