"""The part of the table of settings that says whose pages they are: name, logo and colours."""

from typing import Any, Final

from core.config.colors import Color, parse_color, show_color
from core.config.setting import Setting, parse_path, plain


def _parse_name(text: str) -> str:
    if len(text) > 40:
        raise ValueError("a name of at most 40 characters")
    return text


NAME: Final = Setting(
    "Pages",
    "Name",
    plain(_parse_name),
    (),
    "What the pages call this server, above them and in the window's title",
    default_words="the host of Address",
)
LOGO: Final = Setting(
    "Pages",
    "Logo",
    parse_path,
    (),
    "An SVG or PNG file of at most 256 KB, shown before the name and as the window's icon",
    default_words="our own",
)


def _color(key: str, comment: str, default_words: str) -> Setting[Color]:
    return Setting("Pages", key, plain(parse_color), (), comment, show=show_color, default_words=default_words)


ACCENT: Final = _color(
    "AccentColor",
    "Buttons, links and names, as RRGGBB; a colour that cannot be read on what lies below it is refused",
    "1f5f5b",
)
ACCENT_DARK: Final = _color(
    "AccentColorDark",
    "The same where the browser wants dark pages",
    "7fc9c1, or AccentColor made light enough",
)
GROUND: Final = _color("GroundColor", "What lies around the page's card", "f5f3ef")
GROUND_DARK: Final = _color("GroundColorDark", "The same where the browser wants dark pages", "14181a")
#: In the order in which they are shown.
SETTINGS: Final[tuple[Setting[Any], ...]] = (NAME, LOGO, ACCENT, ACCENT_DARK, GROUND, GROUND_DARK)
