"""Answers that are remembered, bounded in number and in bytes."""

from itertools import islice
from typing import Any, NamedTuple, TypeVar

from tokenhouse_verifier.access_token import AccessToken

T = TypeVar("T", str, tuple[str, ...])

#: What an entry takes beside its texts, its place in the dict included; and what a text takes beside its letters.
#: In bytes.
_OVERHEAD = 760
_TEXT = 72
#: Values that many answers have in common: how many are looked for, and up to which length.
_MOST_SHARED = 1024
_LONGEST_SHARED = 256


class Entry(NamedTuple):
    """One answer."""

    token: AccessToken
    #: The revision up to which no change concerns it.
    checked: int
    #: When the token expires, on the clock of `freshness.now`.
    expires: float
    #: About how many bytes it takes.
    size: int


class Cache:
    """The oldest entries make room for new ones. Reading `entries` needs no lock; everything else is under its owner's.

    Keys are SHA-256 of the tokens: nothing here can be presented to anybody.
    """

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self.entries: dict[bytes, Entry] = {}
        self.bytes = 0
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        #: Values that are kept already, to be looked up before `share` is called.
        self.shared: dict[Any, Any] = {}

    def put(self, digest: bytes, entry: Entry) -> None:
        """Remember an answer, if it fits at all."""
        size = entry.size
        if digest in self.entries:
            self.drop(digest)
        if size > self._max_bytes:
            return
        while self.entries and (len(self.entries) >= self._max_entries or self.bytes + size > self._max_bytes):
            self._make_room()
        self.entries[digest] = entry
        self.bytes += size

    def drop(self, digest: bytes) -> None:
        """Forget one answer."""
        entry = self.entries.pop(digest, None)
        if entry is not None:
            self.bytes -= entry.size

    def clear(self) -> None:
        """Forget every answer."""
        self.entries.clear()
        self.bytes = 0

    def share(self, value: T) -> T:
        """The same value as one that is kept already, so that thousands of answers hold one copy."""
        kept: T | None = self.shared.get(value)
        return self._keep(value) if kept is None else kept

    def _keep(self, value: T) -> T:
        length = len(value) if isinstance(value, str) else sum(map(len, value))
        if length <= _LONGEST_SHARED:
            if len(self.shared) >= _MOST_SHARED:
                self.shared.clear()
            self.shared[value] = value
        return value

    def _make_room(self) -> None:
        # Several at a time: a dict looks for its first key among all the places that were freed before it.
        for digest in list(islice(self.entries, 1 + len(self.entries) // 32)):
            self.bytes -= self.entries.pop(digest).size


def size_of(token: AccessToken, written: int) -> int:
    """About how many bytes a token takes in the cache; `written`: its texts in UTF-8, or more."""
    groups = token.groups
    texts = _TEXT * (len(token.scopes) + len(token.audience) + len(groups))
    # A text with one letter beyond Latin-1 takes up to four bytes a letter. The others are ASCII by their rules.
    plain = token.username.isascii() and "".join(groups).isascii()
    return _OVERHEAD + texts + (written if plain else 4 * written)
