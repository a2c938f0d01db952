"""The colours that the pages get: what an operator chose, and what follows from it, for everybody to read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.config.colors import Color, contrast, mix
from core.config.page_settings import ACCENT, ACCENT_DARK, GROUND, GROUND_DARK
from core.config.refusal import Everything, refusal
from core.config.setting import Setting

#: WCAG 2.2 §1.4.3, level AA, for text of any size.
_LEAST: Final = 4.5


@dataclass(frozen=True, slots=True)
class Scheme:
    """One of the two that browsers choose from, with the colours of facade/static/page.css that the rules need."""

    name: str
    accent: Color
    ground: Color
    card: Color
    ink: Color
    soft: Color


LIGHT: Final = Scheme("light", "#1f5f5b", "#f5f3ef", "#fffefc", "#1d2122", "#595f5f")
DARK: Final = Scheme("dark", "#7fc9c1", "#14181a", "#1c2224", "#eceeed", "#a9b3b4")
_SETTINGS: Final = ((LIGHT, ACCENT, GROUND), (DARK, ACCENT_DARK, GROUND_DARK))


def page_colors(found: Everything) -> Mapping[tuple[str, str], Color]:
    """Each colour that is not the stylesheet's own, by the name of its scheme and its own."""
    colors: dict[tuple[str, str], Color] = {}
    for scheme, accent_setting, ground_setting in _SETTINGS:
        accent, ground = _accent(found, scheme, accent_setting), _find(found, ground_setting)
        if ground is not None:
            colors[scheme.name, "ground"] = ground
        if accent is not None:
            on_accent = "#ffffff" if contrast(accent, "#ffffff") >= _LEAST else "#000000"
            colors[scheme.name, "accent"] = accent
            colors[scheme.name, "on-accent"] = on_accent
            # Away from what is written on it: that can only be read better then.
            colors[scheme.name, "accent-over"] = mix(accent, "#000000" if on_accent == "#ffffff" else "#ffffff", 20)
    return colors


def check_page_colors(found: Everything) -> None:
    """Text can be read on what lies below it, in both schemes.

    Raises:
        ConfigError: a colour that somebody chose has too little contrast.
    """
    for scheme, accent_setting, ground_setting in _SETTINGS:
        accent = _accent(found, scheme, accent_setting) or scheme.accent
        ground = _find(found, ground_setting) or scheme.ground
        for text in (scheme.ink, scheme.soft):
            _require(found, ground_setting, ground, text)
        for below in (scheme.card, ground):
            blamed = accent_setting if _find(found, accent_setting) else ground_setting
            color, other = (accent, below) if blamed is accent_setting else (below, accent)
            _require(found, blamed, color, other)


def _require(found: Everything, setting: Setting[Color], color: Color, other: Color) -> None:
    if _find(found, setting) is not None and contrast(color, other) < _LEAST:
        allowed = f"allowed is a contrast of {_LEAST} or more (WCAG 2.2 §1.4.3)"
        raise refusal(found, setting, f"{allowed}; {color} with {other} has {int(contrast(color, other) * 10) / 10}")


def _accent(found: Everything, scheme: Scheme, setting: Setting[Color]) -> Color | None:
    chosen, light = _find(found, setting), _find(found, ACCENT)
    if chosen is not None or light is None or scheme is LIGHT:
        return chosen
    ground = _find(found, GROUND_DARK) or scheme.ground
    lighter = (mix(light, "#ffffff", percent) for percent in range(0, 101, 5))
    return next(
        (each for each in lighter if min(contrast(each, scheme.card), contrast(each, ground)) >= _LEAST), "#ffffff"
    )


def _find(found: Everything, setting: Setting[Color]) -> Color | None:
    return next(iter(found[setting.name].values), None)
