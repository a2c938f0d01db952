"""What the nouns' files are written against: one statement, its rows; and how a tuple of strings is one column."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache

from core.store.sqlite.driver import Row


class Statements(ABC):
    """Runs statements. Every method raises `StoreUnavailable` when the database cannot."""

    @abstractmethod
    def row(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        """The only row of a statement that has at most one."""

    @abstractmethod
    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows of a statement."""


class WritingStatements(Statements):
    """Runs statements that write."""

    @abstractmethod
    def issue(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        """The only row of a statement that gives somebody something new; it is taken back while the disk is full."""

    @abstractmethod
    def count(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """How many rows a statement without RETURNING wrote."""


def joined(strings: tuple[str, ...]) -> str:
    """A tuple of any strings as one column."""
    return json.dumps(strings, ensure_ascii=False)


@lru_cache(maxsize=1024)
def split(text: str) -> tuple[str, ...]:
    """What `joined` made, back again."""
    return tuple(json.loads(text))
