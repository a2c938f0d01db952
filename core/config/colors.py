"""Colours as CSS writes them, and how well one can be read on another (WCAG 2.2)."""

import re

#: #rrggbb, in small letters.
Color = str

_COLOR = re.compile(r"#?([0-9a-f]{6})")


def parse_color(text: str) -> Color:
    """RRGGBB, with or without #, which begins a comment where no quotes are. Raises ValueError: it is not."""
    match = _COLOR.fullmatch(text.lower())
    if match is None:
        raise ValueError("RRGGBB, six hexadecimal digits such as 1f5f5b")
    return f"#{match[1]}"


def show_color(color: Color) -> str:
    """As it needs no quotes in the file."""
    return color.removeprefix("#")


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of two colours, from 1 to 21 (WCAG 2.2, definitions)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(color: Color, other: Color, percent: int) -> Color:
    """`color` with so much of the other one in it."""
    mixed = (
        (own * (100 - percent) + its * percent) // 100 for own, its in zip(_parts(color), _parts(other), strict=True)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _parts(color: Color) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: Color) -> float:
    """Relative luminance, from 0 to 1 (WCAG 2.2, definitions)."""
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _fractions(color))
    red, green, blue = linear
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _fractions(color: Color) -> tuple[float, float, float]:
    red, green, blue = _parts(color)
    return red / 255, green / 255, blue / 255
