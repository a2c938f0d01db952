"""The table of settings itself."""

import re
from pathlib import Path

import pytest

from core.config.setting import Setting
from core.config.settings import BY_NAME, SETTINGS


def test_names_are_unique() -> None:
    """No two settings share a name or a variable, whatever the case."""
    assert len(BY_NAME) == len(SETTINGS)
    assert len({setting.variable for setting in SETTINGS}) == len(SETTINGS)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_row(setting: Setting[object]) -> None:
    """Each row has a default or words for it, one comment of one line, and a variable that a shell can set."""
    assert bool(setting.default) != bool(setting.default_words)
    assert setting.comment
    assert setting.comment == " ".join(setting.comment.split())
    assert re.fullmatch(r"TOKENHOUSE_[A-Z]+_[A-Z]+", setting.variable)


def test_allowed() -> None:
    """A duration tells its bounds as operators write them; what has none tells nothing."""
    allowed = {setting.name: setting.allowed for setting in SETTINGS}

    assert allowed["OAuth.CodeLifetime"] == "1s to 10m"
    assert allowed["Server.Address"] == ""


@pytest.mark.parametrize("setting", [each for each in SETTINGS if each.default], ids=lambda setting: setting.name)
def test_show_is_the_reverse_of_parse(setting: Setting[object], tmp_path: Path) -> None:
    """What `config show` prints can be written into the file and means the same."""
    for text in setting.default:
        value = setting.parse(text, tmp_path)
        assert setting.parse(setting.show(value), Path("elsewhere")) == value
