"""The texts of one language, with what is put into them escaped."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from babel import Locale
from markupsafe import Markup, escape

#: A text, or one for each plural form that the language has (CLDR's names: one, few, many, other).
Entry: TypeAlias = str | Mapping[str, str]

_PLURAL_FORMS = frozenset({"zero", "one", "two", "few", "many", "other"})


class Catalogue:
    """The texts of one language."""

    def __init__(self, language: str, entries: Mapping[str, Entry]) -> None:
        """`language` is a tag of RFC 5646; it names what HTML and HTTP call it."""
        self.language = language
        self.entries = entries
        self.locale = Locale.parse(language, sep="-")

    def text(self, key: str, *, count: int = 0, **values: object) -> Markup:
        """The text, fit for HTML: its own characters and those of `values` are escaped, unless a value is Markup.

        Raises KeyError: no such text, or a placeholder without a value.
        """
        entry = self.entries[key]
        if not isinstance(entry, str):
            entry = entry[self.locale.plural_form(count)]
        return escape(entry).format(count=self.number(count), **values)

    def number(self, number: int) -> str:
        """A number as people of this language group its digits."""
        if abs(number) < 1000:
            return str(number)
        from babel.numbers import format_decimal

        return format_decimal(number, locale=self.locale)

    @property
    def decimal_sign(self) -> str:
        """What stands before a fraction."""
        from babel.numbers import get_decimal_symbol

        return get_decimal_symbol(self.locale)

    def find(self, key: str) -> Markup | None:
        """The text, where there is one."""
        return self.text(key) if key in self.entries else None

    def section(self, prefix: str) -> Iterator[tuple[str, Markup]]:
        """The texts below a key, by the rest of their own, as they are ordered in the file."""
        for key in self.entries:
            if key.startswith(f"{prefix}."):
                yield key.removeprefix(f"{prefix}."), self.text(key)

    def duration(self, seconds: int) -> str:
        """A waiting time, rounded up, as people say it: nobody is told to come back too early."""
        from babel.units import format_unit

        for unit, length in (("hour", 3600), ("minute", 60)):
            if seconds >= length:
                return format_unit(-(-seconds // length), f"duration-{unit}", locale=self.locale)
        return format_unit(seconds, "duration-second", locale=self.locale)

    def moment(self, seconds: int) -> str:
        """A time, given in seconds since 1970, as a date and the minute; in UTC, for nobody says where they are."""
        # Loaded with the first time that is shown: all zones of the world are, too.
        from babel.dates import format_date, format_time, get_datetime_format

        at = datetime.fromtimestamp(seconds, UTC)
        date = format_date(at, "medium", locale=self.locale)
        time = format_time(at, "short", locale=self.locale)
        joint = str(get_datetime_format("medium", self.locale))
        return joint.replace("{1}", date).replace("{0}", time) + " UTC"


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue in a file named after its language. Raises ValueError: it is no TOML, or holds more than texts."""
    return Catalogue(path.stem, dict(_flatten(tomllib.loads(path.read_text(encoding="utf-8")), "")))


def _flatten(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Entry]]:
    for name, value in table.items():
        if isinstance(value, str) or (isinstance(value, dict) and value.keys() <= _PLURAL_FORMS):
            yield prefix + name, value
        elif isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            raise ValueError(f"{prefix}{name} is no text")
