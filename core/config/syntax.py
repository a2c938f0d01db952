"""The file format, git's: `[Section]`, `Key = value`, `;` and `#` comments. What names mean is left to `settings`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.config.errors import ConfigError

_SECTION = re.compile(r"\[\s*([A-Za-z][A-Za-z0-9-]{0,63})\s*\](?:\s*[;#].*)?")
_ASSIGNMENT = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,63})\s*=\s*(.*)")
_QUOTED = re.compile(r'"([^"\\]*(?:\\["\\][^"\\]*)*)"\s*(?:[;#].*)?')
#: In bytes. A larger file is no configuration: somebody named the wrong one.
_LONGEST = 256 * 1024
_COMMENT = re.compile(r"(?:^|\s)[;#].*")


@dataclass(frozen=True, slots=True)
class Section:
    """One `[Section]`, as written; `line` counts from 1."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """One `Key = value`, as written; `line` counts from 1."""

    section: str
    key: str
    value: str
    line: int


def read_entries(file: Path) -> Iterator[Section | Assignment]:
    """Every section and assignment of a file, in order.

    Raises:
        ConfigError: the file cannot be read, or a line is neither a section, nor an assignment, nor a comment.
    """
    try:
        with file.open("rb") as reading:
            data = reading.read(_LONGEST + 1)
        _require_short(data, str(file))
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{file}:{line}: is not UTF-8 text") from None
    return parse_entries(text, str(file))


def parse_entries(text: str, file: str) -> Iterator[Section | Assignment]:
    """Every section and assignment of a text; `file` names it in errors. Raises ConfigError as `read_entries` does."""
    _require_short(text, file)
    section = ""
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if not line or line[0] in ";#":
            continue
        if header := _SECTION.fullmatch(line):
            section = header[1]
            yield Section(section, number)
            continue
        assignment = _ASSIGNMENT.fullmatch(line)
        if assignment is None:
            raise ConfigError(f"{file}:{number}: expected [Section], Key = value or a comment after ; or #")
        key = assignment[1]
        if not section:
            raise ConfigError(f"{file}:{number}: {key}: stands before the first [Section]")
        value = _parse_value(assignment[2], f"{file}:{number}: {section}.{key}")
        yield Assignment(section, key, value, number)


def _require_short(data: bytes | str, file: str) -> None:
    if len(data) > _LONGEST:
        raise ConfigError(f"{file}: is larger than {_LONGEST // 1024} KiB, which no configuration is")


def _parse_value(text: str, place: str) -> str:
    """The value without its comment and quotes."""
    if not text.startswith('"'):
        return _COMMENT.sub("", text, count=1).strip()
    quoted = _QUOTED.fullmatch(text)
    if quoted is None:
        raise ConfigError(f'{place}: a value in quotes ends with a quote, and in it \\" and \\\\ stand for " and \\')
    return re.sub(r"\\(.)", r"\1", quoted[1])
