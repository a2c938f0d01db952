"""A configuration file for one test."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from core.config.config import Config
from core.config.errors import ConfigError
from core.config.load import load_config


def load_text(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> Config:
    """The configuration of a file with this text, under this environment alone."""
    file = folder / "tokenhouse.conf"
    file.write_text(text, encoding="utf-8")
    return load_config(file, environment or {})


def refusal_of(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> str:
    """Why such a file is refused: one line, in which the folder is left out."""
    with pytest.raises(ConfigError) as caught:
        load_text(folder, text, environment)
    line = str(caught.value)
    assert "\n" not in line
    return line.replace(f"{folder}/", "")
