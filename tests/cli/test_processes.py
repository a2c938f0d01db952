"""How the two processes are called."""

from pathlib import Path

from core.cli.processes import facade_command
from core.config.load import load_config
from facade.branding import parse_color
from facade.command import main


def test_the_facade_is_told_whose_pages_they_are(tmp_path: Path) -> None:
    """It reads no configuration: name, logo and colours are arguments that it takes."""
    file = tmp_path / "tokenhouse.conf"
    file.write_text("[Pages]\nName = Acme & Sons\nLogo = logo.svg\nAccentColor = 7a1fa2\nGroundColorDark = 000000\n")
    command = facade_command(load_config(file, {}))
    parameters = main.make_context("facade", command[command.index("facade") + 1 :], resilient_parsing=True).params

    assert (parameters["name"], parameters["logo"]) == ("Acme & Sons", str(tmp_path / "logo.svg"))
    assert {(color.scheme, color.name) for color in map(parse_color, parameters["color"])} == {
        *((scheme, name) for scheme in ("light", "dark") for name in ("accent", "accent-over", "on-accent")),
        ("dark", "ground"),
    }
