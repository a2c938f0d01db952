"""Settings from the environment: TOKENHOUSE_SECTION_KEY, several values on lines of their own."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.config.errors import ConfigError
from core.config.setting import Setting
from core.config.settings import SECTIONS, SETTINGS

_OURS = re.compile(r"TOKENHOUSE_(.*)", re.IGNORECASE)
#: Ours and no settings: which file, and the pipes by which `serve` starts the core.
_NO_SETTINGS = frozenset({"CONFIG", "STATUS_FD", "LIFELINE_FD", "STDOUT_FD"})
#: What Kubernetes and Docker links set for a service that happens to be called tokenhouse, or tokenhouse-grpc.
_SERVICE_LINK = re.compile(r"(.*_)?(SERVICE_(HOST|PORT(_.*)?)|PORT(_[0-9]+_(TCP|UDP|SCTP)(_.*)?)?|NAME|ENV_.*)")


def read_environment(environment: Mapping[str, str]) -> Iterator[tuple[Setting[Any], tuple[str, ...]]]:
    """The settings that the environment makes; an empty variable empties a repeatable setting.

    Raises:
        ConfigError: a variable looks like a setting and is none.
    """
    by_variable = {setting.variable: setting for setting in SETTINGS}
    for variable, text in environment.items():
        if setting := by_variable.get(variable):
            yield setting, _split(setting, text)
        elif (match := _OURS.fullmatch(variable)) and not _is_of_others(match[1]):
            allowed = _allowed(match[1].partition("_")[0].upper())
            raise ConfigError(f"{ascii(variable)[1:-1]}: unknown setting in the environment; allowed: {allowed}")


def _is_of_others(name: str) -> bool:
    return name in _NO_SETTINGS or _SERVICE_LINK.fullmatch(name) is not None


def _allowed(section: str) -> str:
    of_section = [setting.variable for setting in SETTINGS if setting.section.upper() == section]
    sections = ", ".join(known.upper() for known in SECTIONS)
    return ", ".join(of_section) or f"TOKENHOUSE_SECTION_KEY with the sections {sections}, as {SETTINGS[0].variable}"


def _split(setting: Setting[Any], text: str) -> tuple[str, ...]:
    if not setting.repeatable:
        return (text.strip(),)
    return tuple(line.strip() for line in text.split("\n") if line.strip())
