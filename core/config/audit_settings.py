"""The part of the table of settings that says where the audit trail goes, and how long it is kept."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.config.setting import Setting, duration_or_never, parse_path
from core.config.values import show_duration_or_never

STANDARD_OUTPUT: Final = "stdout"


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """[Audit]"""

    #: The file, or STANDARD_OUTPUT; None: nobody is told.
    stream: Path | str | None
    #: In seconds; None: for good.
    retention: int | None


def _parse_stream(text: str, folder: Path) -> Path | str:
    return STANDARD_OUTPUT if text.lower() == STANDARD_OUTPUT else parse_path(text, folder)


STREAM: Final = Setting(
    "Audit",
    "Stream",
    _parse_stream,
    (),
    "Where each record is told as a line of JSON: a file, or `stdout`",
    default_words="none",
)
RETENTION: Final = Setting(
    "Audit",
    "Retention",
    duration_or_never("1d", "3650d"),
    ("90d",),
    "How long records are kept in the database; `never`: for good",
    show=show_duration_or_never,
    reloadable=True,
)
#: In the order in which they are shown.
SETTINGS: Final[tuple[Setting[Any], ...]] = (STREAM, RETENTION)
