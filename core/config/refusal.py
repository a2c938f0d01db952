"""The one line about settings that are not good together."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from core.config.errors import ConfigError
from core.config.setting import DEFAULT, Found, Setting

#: Every setting by its name.
Everything: TypeAlias = Mapping[str, Found[Any]]


def find_repeated(keys: Iterable[object]) -> int | None:
    """The number of the first key that stands before already."""
    seen: set[object] = set()
    for number, key in enumerate(keys):
        if key in seen:
            return number
        seen.add(key)
    return None


def refusal(found: Everything, setting: Setting[Any], reason: str, number: int = 0) -> ConfigError:
    """About the setting's first value, or the one with this number."""
    places = found[setting.name].places
    place = places[number] if places else DEFAULT
    return ConfigError(f"{setting.name}: {reason}" if place == DEFAULT else f"{place}: {setting.name}: {reason}")
