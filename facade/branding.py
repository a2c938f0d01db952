"""What an operator puts in the place of our name, our mark and our colours."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_LONGEST_LOGO = 256 * 1024
_PNG = b"\x89PNG\r\n\x1a\n"
_COLOR = re.compile(r"(light|dark):([a-z-]+)=(#[0-9a-f]{6})")


@dataclass(frozen=True, slots=True)
class Color:
    """One custom property of `static/page.css`, in one of the two schemes."""

    scheme: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Logo:
    """An image that is served as it is; `suffix` tells its type."""

    body: bytes = field(repr=False)
    suffix: str


@dataclass(frozen=True, slots=True)
class Branding:
    """All of it; what is missing is ours."""

    name: str = ""
    logo: Logo | None = None
    colors: tuple[Color, ...] = ()

    def stylesheet(self) -> bytes:
        """What comes after page.css and has the last word; empty where no colour is set."""
        light = _rule("not all and (prefers-color-scheme: dark)", self.colors, "light")
        return (light + _rule("(prefers-color-scheme: dark)", self.colors, "dark")).encode()


#: Nothing is set.
OURS = Branding()


def parse_color(text: str) -> Color:
    """SCHEME:NAME=#rrggbb. Raises ValueError with one sentence."""
    match = _COLOR.fullmatch(text)
    if match is None:
        raise ValueError("a colour is light:NAME=#rrggbb or dark:NAME=#rrggbb")
    return Color(*match.groups())


def read_logo(path: Path) -> Logo:
    """An image without anything that runs or is loaded from elsewhere. Raises ValueError with one sentence."""
    try:
        with path.open("rb") as reading:
            body = reading.read(_LONGEST_LOGO + 1)
    except OSError as error:
        raise ValueError(f"allowed is a file that can be read: {error.strerror}") from None
    if len(body) > _LONGEST_LOGO:
        raise ValueError("allowed are 256 KB; this is more")
    if body.startswith(_PNG):
        return Logo(body, ".png")
    # Loaded where there is something to filter: hardly any facade has a logo of its own.
    from py_svg_hush import filter_svg

    try:
        # Written anew, without scripts, handlers, foreign elements and addresses of other hosts.
        return Logo(filter_svg(body), ".svg")
    except ValueError:
        raise ValueError("allowed is an image in SVG or PNG") from None


def _rule(media: str, colors: Iterable[Color], scheme: str) -> str:
    """Each scheme in a query of its own: a colour for one leaves the other as page.css has it."""
    lines = "".join(f"    --{color.name}: {color.value};\n" for color in colors if color.scheme == scheme)
    return f"@media {media} {{\n  :root {{\n{lines}  }}\n}}\n" if lines else ""
