"""The sequence of changes as validators are told it: the newest from memory, what is older from the store."""

import threading
from collections.abc import Sequence
from typing import Protocol

from core.domain.clock import Clock
from core.domain.tokens.change import Change, ChangeFacts

#: How many of the newest are in memory: what somebody who follows the sequence can fall behind without costing a read.
_RECENT = 4096


class ChangeLogStore(ChangeFacts, Protocol):
    """What the log needs of a store."""


class ChangeLog:
    """Read from any thread; `append` is called with the changes of every commit, in order."""

    def __init__(self, store: ChangeLogStore, clock: Clock) -> None:
        """Begins at what the store has."""
        self._store = store
        self._clock = clock
        self._appending = threading.Lock()
        self._recent: list[Change] = []
        self.revision = store.current_revision()

    def append(self, changes: Sequence[Change]) -> None:
        """Take over changes that were committed."""
        with self._appending:
            self._recent.extend(changes)
            if len(self._recent) > 2 * _RECENT:
                del self._recent[:-_RECENT]
            self.revision = changes[-1].revision

    def has(self, revision: int, mark: bytes) -> bool:
        """Whether this very change is in the sequence and still kept, so that one can go on from it.

        Raises:
            StoreUnavailable: it cannot be read.
        """
        if not 0 < revision <= self.revision:
            return False
        found = self._store.list_changes(since=revision - 1, now=self._clock.now(), limit=1)
        return bool(found) and found[0].revision == revision and found[0].mark == mark

    def list_after(self, revision: int, *, limit: int) -> Sequence[Change] | None:
        """The changes that follow a revision, at most `limit` of them; None where some of them are kept no more.

        Raises:
            StoreUnavailable: they cannot be read.
        """
        with self._appending:
            missing = self.revision - revision
            if missing <= len(self._recent):
                begin = len(self._recent) - missing
                return self._recent[begin : begin + limit]
        found = self._store.list_changes(since=revision, now=self._clock.now(), limit=limit)
        return found if found and found[-1].revision == revision + len(found) else None

    def list_kept(self, *, since: int, limit: int) -> Sequence[Change]:
        """Changes above a revision that can still concern a living token, with gaps where others were.

        Raises:
            StoreUnavailable: they cannot be read.
        """
        return self._store.list_changes(since=since, now=self._clock.now(), limit=limit)
