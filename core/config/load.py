"""Reading the configuration: find the file, let the environment override it, parse, check, build."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.config import settings
from core.config.checks import check_together
from core.config.config import Config, build_config
from core.config.environment import read_environment
from core.config.errors import ConfigError
from core.config.setting import DEFAULT, Found, Setting
from core.config.settings import BY_NAME, SECTIONS, SETTINGS
from core.config.syntax import Assignment, Section, read_entries

#: Names the file where no --config does.
CONFIG_VARIABLE = "TOKENHOUSE_CONFIG"
_FILE_NAME = "tokenhouse.conf"
#: Lines that set something, of a file or of one variable: as many are read in no time.
_MOST_LINES = 1000
#: Settings whose default is a file in DataDir.
_IN_DATA_DIR: Mapping[Setting[Path], str] = {
    settings.SOCKET: "core.sock",
    settings.ADMIN_SOCKET: "admin.sock",
    settings.MASTER_KEY_FILE: "master.key",
}


@dataclass(frozen=True, slots=True)
class _Text:
    """A value before it is parsed; relative paths in it are relative to `folder`."""

    text: str
    place: str
    folder: Path


def load_config(file: Path | None = None, environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration in force: the environment, then the file, then the defaults.

    The file is the one named, else the one TOKENHOUSE_CONFIG names, else `tokenhouse.conf` in the current folder
    where there is one.

    Raises:
        ConfigError: anything in it cannot be used.
    """
    file = file or _find_file(environment)
    base = file.absolute().parent if file else Path.cwd()
    texts = {setting.name: [_Text(text, DEFAULT, base) for text in setting.default] for setting in SETTINGS}
    texts |= _texts_of_file(file) if file else {}
    overrides = dict(read_environment(environment))
    for setting, values in overrides.items():
        _require_few(len(values), setting.variable)
        texts[setting.name] = [_Text(text, setting.variable, Path.cwd()) for text in values]
    found = _parse_all(texts)
    for setting in (setting for setting, values in overrides.items() if not values):
        found[setting.name] = replace(found[setting.name], places=(setting.variable,))
    check_together(found)
    return build_config(file, found)


def _find_file(environment: Mapping[str, str]) -> Path | None:
    if named := environment.get(CONFIG_VARIABLE):
        return Path(named)
    return Path(_FILE_NAME) if Path(_FILE_NAME).exists() else None


def _texts_of_file(file: Path) -> dict[str, list[_Text]]:
    texts: dict[str, list[_Text]] = {}
    folder, lines = file.absolute().parent, 0
    for entry in read_entries(file):
        place = f"{file}:{entry.line}"
        if isinstance(entry, Section):
            _require_section(entry, place)
            continue
        lines += 1
        _require_few(lines, place)
        setting = _get_setting(entry, place)
        before = texts.setdefault(setting.name, [])
        if before and not setting.repeatable:
            raise ConfigError(f"{place}: {setting.name}: may stand once, and stands already at {before[0].place}")
        if setting.secret and file.stat().st_mode & 0o077:
            raise ConfigError(f"{place}: {setting.name}: allowed in a file that its owner alone can read (mode 0600)")
        before.append(_Text(entry.value, place, folder))
    return texts


def _require_few(lines: int, place: str) -> None:
    if lines > _MOST_LINES:
        raise ConfigError(f"{place}: allowed are {_MOST_LINES} lines that set something; this is more")


def _require_section(section: Section, place: str) -> None:
    if section.name.casefold() not in {known.casefold() for known in SECTIONS}:
        allowed = ", ".join(f"[{known}]" for known in SECTIONS)
        raise ConfigError(f"{place}: [{section.name}]: unknown section; allowed: {allowed}")


def _get_setting(assignment: Assignment, place: str) -> Setting[Any]:
    setting = BY_NAME.get((assignment.section.casefold(), assignment.key.casefold()))
    if setting is None:
        keys = [known.key for known in SETTINGS if known.section.casefold() == assignment.section.casefold()]
        name = f"{assignment.section}.{assignment.key}"
        raise ConfigError(f"{place}: {name}: unknown setting; allowed here: {', '.join(keys)}")
    return setting


def _parse_all(texts: Mapping[str, Iterable[_Text]]) -> dict[str, Found[Any]]:
    found = {setting.name: _parse(setting, tuple(texts[setting.name])) for setting in SETTINGS}
    data_dir: Path = found[settings.DATA_DIR.name].values[0]
    for setting, name in _IN_DATA_DIR.items():
        if not found[setting.name].values:
            place = found[settings.DATA_DIR.name].place
            default = _parse(setting, (_Text(name, place, data_dir),))
            found[setting.name] = replace(default, places=(DEFAULT,))
    return found


def _parse(setting: Setting[Any], texts: tuple[_Text, ...]) -> Found[Any]:
    values = tuple(_parse_text(setting, text) for text in texts)
    return Found(setting, values, tuple(text.place for text in texts))


def _parse_text(setting: Setting[Any], text: _Text) -> object:
    place = "" if text.place == DEFAULT else f"{text.place}: "
    if not text.text or not text.text.isprintable():
        raise ConfigError(f"{place}{setting.name}: needs a value, without control characters")
    try:
        return setting.parse(text.text, text.folder)
    except ValueError as error:
        raise ConfigError(f"{place}{setting.name}: allowed is {error}") from None
