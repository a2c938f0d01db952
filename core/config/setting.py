"""What one setting is, and what was found for it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from core.config.values import parse_duration, show_duration

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One row of the table of settings; `parse` and `show` are each other's reverse."""

    section: str
    key: str
    #: Text and the folder that relative paths are relative to; ValueError says what is allowed.
    parse: Callable[[str, Path], T]
    #: As it would be written; several where it may repeat; none where it depends on other settings.
    default: tuple[str, ...]
    comment: str
    show: Callable[[T], str] = str
    #: What stands in the place of the default where it depends on other settings.
    default_words: str = ""
    repeatable: bool = False
    reloadable: bool = False
    secret: bool = False

    @property
    def name(self) -> str:
        """As operators and errors name it: `Server.Address`."""
        return f"{self.section}.{self.key}"

    @property
    def allowed(self) -> str:
        """The bounds of a duration, in words; empty for what has none."""
        return str(self.parse) if isinstance(self.parse, DurationRange | DurationOrNever) else ""

    @property
    def variable(self) -> str:
        """The environment variable that overrides the file."""
        return f"TOKENHOUSE_{self.section}_{self.key}".upper()


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """The values of one setting, and where each stands: `FILE:LINE`, an environment variable, or `default`.

    A setting that the environment emptied has a place and no value.
    """

    setting: Setting[T]
    values: tuple[T, ...] = field(repr=False)
    places: tuple[str, ...]

    @property
    def place(self) -> str:
        """Where the setting was made, for an error that is about all of its values."""
        return self.places[0] if self.places else DEFAULT

    @property
    def shown(self) -> tuple[str, ...]:
        """The values as they would be written; a secret stays hidden."""
        if self.setting.secret:
            return tuple("(hidden)" for _ in self.values)
        return tuple(self.setting.show(value) for value in self.values)


#: The place of what nobody set.
DEFAULT = "default"


def plain(parse: Callable[[str], T]) -> Callable[[str, Path], T]:
    """A parser that does not care where the text stands."""
    return lambda text, _folder: parse(text)


@dataclass(frozen=True, slots=True)
class DurationRange:
    """A parser for a duration within two bounds, both allowed; in seconds."""

    shortest: int
    longest: int

    def __call__(self, text: str, _folder: Path) -> int:
        seconds = parse_duration(text)
        if not self.shortest <= seconds <= self.longest:
            raise ValueError(str(self))
        return seconds

    def __str__(self) -> str:
        return f"{show_duration(self.shortest)} to {show_duration(self.longest)}"


@dataclass(frozen=True, slots=True)
class DurationOrNever:
    """A parser for a duration within two bounds; None where it is `never`, or 0."""

    range: DurationRange

    def __call__(self, text: str, folder: Path) -> int | None:
        if text.lower() in ("never", "0"):
            return None
        try:
            return self.range(text, folder)
        except ValueError as refusal:
            raise ValueError(f"{refusal}, or never") from None

    def __str__(self) -> str:
        return str(self.range)


def duration_or_never(shortest: str, longest: str) -> DurationOrNever:
    """As `duration`; `never` and 0 are allowed, too."""
    return DurationOrNever(duration(shortest, longest))


def duration(shortest: str, longest: str) -> DurationRange:
    """The range between two durations as operators write them."""
    return DurationRange(parse_duration(shortest), parse_duration(longest))


def parse_path(text: str, folder: Path) -> Path:
    """A path, relative to the folder of the file it stands in; absolute from here on."""
    return Path(text) if Path(text).is_absolute() else Path(folder.absolute(), text)


def parse_socket_path(text: str, folder: Path) -> Path:
    """A path that the kernel takes as the address of a Unix socket (unix(7): 108 bytes with the final zero)."""
    path = parse_path(text, folder)
    if len(str(path).encode()) > 107:
        raise ValueError("a path of at most 107 bytes in all, the most that a Unix socket can have")
    return path
