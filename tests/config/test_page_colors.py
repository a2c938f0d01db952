"""The pages' colours: what may be chosen, and what follows from a choice."""

import re
from pathlib import Path

import pytest

import facade
from core.config.colors import contrast, mix
from core.config.errors import ConfigError
from core.config.load import load_config
from core.config.page_colors import DARK, LIGHT, Scheme

_CSS = (Path(facade.__file__).parent / "static" / "page.css").read_text()


def colors(tmp_path: Path, *lines: str) -> dict[tuple[str, str], str]:
    """The colours that these lines of [Pages] give."""
    file = tmp_path / "tokenhouse.conf"
    file.write_text("\n".join(["[Pages]", *lines, ""]))
    return dict(load_config(file, {}).pages.colors)


@pytest.mark.parametrize(("scheme", "part"), [(LIGHT, 0), (DARK, 1)], ids=["light", "dark"])
def test_the_rules_know_the_stylesheets_own_colours(scheme: Scheme, part: int) -> None:
    """What is checked against is what lies on the page."""
    written = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", _CSS.split("@media", 2)[part]))

    assert {name: written[name] for name in ("accent", "ground", "card", "ink", "soft")} == {
        "accent": scheme.accent,
        "ground": scheme.ground,
        "card": scheme.card,
        "ink": scheme.ink,
        "soft": scheme.soft,
    }


def test_contrast_is_that_of_the_guidelines() -> None:
    """WCAG 2.2, definitions: 21 for black on white, 4.54 for #767676 on white, 1 for a colour on itself."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#767676") == pytest.approx(4.54, abs=0.005)
    assert contrast("#123456", "#123456") == 1
    assert mix("#204060", "#ffffff", 50) == "#8f9faf"


def test_nothing_chosen_changes_nothing(tmp_path: Path) -> None:
    """The stylesheet alone has the colours then."""
    assert colors(tmp_path) == {}


def test_one_colour_gives_all_that_depends_on_it(tmp_path: Path) -> None:
    """WCAG 2.2 §1.4.3: what is written on a button, and its colour below the pointer, follow; in the dark, too."""
    chosen = colors(tmp_path, "AccentColor = 7A1FA2")

    assert chosen["light", "accent"] == "#7a1fa2"
    assert {name for _, name in chosen} == {"accent", "accent-over", "on-accent"}
    for scheme in (LIGHT, DARK):
        accent = chosen[scheme.name, "accent"]
        assert contrast(accent, scheme.card) >= 4.5
        assert contrast(accent, scheme.ground) >= 4.5
        for button in ("accent", "accent-over"):
            assert contrast(chosen[scheme.name, button], chosen[scheme.name, "on-accent"]) >= 4.5


@pytest.mark.parametrize("value", ["7a1fa2", '"#7a1fa2"', "7A1FA2"])
def test_a_colour_may_be_written_as_people_do(tmp_path: Path, value: str) -> None:
    """Quotes are needed for the # alone, which begins a comment otherwise."""
    assert colors(tmp_path, f"AccentColor = {value}")["light", "accent"] == "#7a1fa2"


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        (
            ["AccentColor = ffcc00"],
            r"AccentColor: allowed is a contrast of 4\.5 or more .*#ffcc00 with #fffefc has 1\.5",
        ),
        (["AccentColorDark = 222222"], r"AccentColorDark: .*#222222 with #1c2224 has 1\.0"),
        (["GroundColor = 404040"], r"GroundColor: .*#404040 with #1d2122 has 1\.5"),
        (["GroundColorDark = ffffff"], r"GroundColorDark: .*#ffffff with #eceeed has 1\.1"),
        (["AccentColor = 1f7f7b", "GroundColor = d8d8d8"], r"AccentColor: .*#1f7f7b with #d8d8d8 has 3\.3"),
        (["AccentColor = teal"], r"AccentColor: allowed is RRGGBB, six hexadecimal digits such as 1f5f5b"),
        (["AccentColor = #1f5f5b"], r"AccentColor: needs a value"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, lines: list[str], refusal: str) -> None:
    """WCAG 2.2 §1.4.3 (AA): one line that names the file, the line, the setting and the two colours."""
    with pytest.raises(ConfigError, match=rf"^\S+/tokenhouse\.conf:2: Pages\.{refusal}") as refused:
        colors(tmp_path, *lines)

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("accent", ["7a1fa2", "000000", "b00020", "0000ff", "4a4a4a"])
def test_whatever_is_dark_enough_has_a_counterpart(tmp_path: Path, accent: str) -> None:
    """An operator who chooses one colour chooses both schemes, unless that one says otherwise."""
    chosen = colors(tmp_path, f"AccentColor = {accent}")

    assert contrast(chosen["dark", "accent"], DARK.card) >= 4.5
    assert colors(tmp_path, f"AccentColor = {accent}", "AccentColorDark = ffffff")["dark", "accent"] == "#ffffff"
