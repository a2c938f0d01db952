"""Configuration files and variables of any content: read, or refused in one line (README, Every setting)."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import strategies as st

from core.config.config import Config
from core.config.errors import ConfigError
from core.config.load import load_config
from core.config.settings import SETTINGS
from tests.fuzz.held import Property

_VALUES = st.sampled_from(
    [
        "",
        "0",
        "1h",
        "999999999d",
        "true",
        "10/15m",
        "0/s",
        "https://a.example",
        "http://[::1]:0",
        "http://[",
        "https://\u0315\u0300.example",
        "[::1]:99999",
        "::/0",
        "10.0.0.0/33",
        "mcp: Use it",
        "mcp",
        ":",
        "/",
        "..",
        "~",
        "\x00",
        "a" * 300,
        '"quoted; #"',
        '"open',
        "\\",
        "; comment",
        "\u2028",
        "\ud800",
    ]
) | st.text(max_size=30)
_NAMES = st.sampled_from([(setting.section, setting.key) for setting in SETTINGS])
_LINES = (
    st.builds(lambda name, value: f"[{name[0]}]\n{name[1]} = {value}", _NAMES, _VALUES)
    | st.sampled_from(["[Server]", "[OAuth", "]", "=", "Listen", "[a] ; b", "\t", "\r", "\x0c", "\ufeff"])
    | st.text(max_size=20)
)
_FILES = st.lists(_LINES, max_size=8).map("\n".join).map(lambda text: text.encode("utf-8", "surrogatepass"))
_VARIABLES = st.dictionaries(
    st.sampled_from([setting.variable for setting in SETTINGS])
    | st.text(max_size=12).map(lambda rest: f"TOKENHOUSE_{rest}"),
    _VALUES,
    max_size=4,
)


def _one_line(error: ConfigError) -> None:
    assert str(error).isprintable(), str(error)


def _read_a_file(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "tokenhouse.conf")
        file.write_bytes(content)
        try:
            config = load_config(file, {})
        except ConfigError as refusal:
            _one_line(refusal)
            # A value may be a secret in the wrong place, and is never repeated: the line number tells.
        else:
            _shows_itself(config)


def _read_an_environment(variables: dict[str, str]) -> None:
    try:
        config = load_config(Path("/dev/null"), variables)
    except ConfigError as refusal:
        _one_line(refusal)
    else:
        _shows_itself(config)


def _shows_itself(config: Config) -> None:
    """What was taken can be shown, and none of it breaks the line."""
    for found in config.found.values():
        assert all(text.isprintable() for text in found.shown)
    assert config.policy().issuer == config.server.address


PROPERTIES = [
    Property("a file is read or refused in one line", _FILES | st.binary(max_size=200), _read_a_file),
    Property("variables are read or refused in one line", _VARIABLES, _read_an_environment),
]


@pytest.mark.parametrize("held", PROPERTIES, ids=lambda held: held.name)
def test_any_configuration(held: Property) -> None:
    """Any bytes in the file and any text in the environment make a configuration or one printable line."""
    held.check(60)
