"""What every validator must learn: revocations and their like, in one gapless sequence, which a restore alone leaps."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol


class ChangeKind(IntEnum):
    """What changed; the numbers are stored. The target is named behind each."""

    GRANT_REVOKED = 1  # grant id, 32 hexadecimal digits
    CLIENT_REVOKED = 2  # client_id
    SUBJECT_REVOKED = 3  # subject
    ALL_REVOKED = 4  # empty
    SUBJECT_CHANGED = 5  # subject: groups or name
    CLIENTS_SWITCHED = 6  # "on" or "off"
    KEY_WITHDRAWN = 7  # kid
    SERVER_WIDE_TOKENS_SWITCHED = 8  # "on" or "off"

    @property
    def concerns_subject(self) -> bool:
        """The target is a subject, whose remembered facts are out of date."""
        return self in (ChangeKind.SUBJECT_REVOKED, ChangeKind.SUBJECT_CHANGED)

    @property
    def concerns_policy(self) -> bool:
        """Another policy holds from this change on."""
        return self in (ChangeKind.CLIENTS_SWITCHED, ChangeKind.SERVER_WIDE_TOKENS_SWITCHED)


@dataclass(frozen=True, slots=True)
class Change:
    """One row. It covers every token whose `rev` is below `revision`; kept until no such token can live."""

    revision: int
    kind: ChangeKind
    target: str
    made_at: int
    keep_until: int

    @property
    def mark(self) -> bytes:
        """Tells this change from another with its number: one made after the database went back to a backup."""
        text = f"{self.revision} {self.kind} {self.target} {self.made_at}"
        return hashlib.sha256(text.encode()).digest()[:8]


class ChangeFacts(Protocol):
    """What can be read of changes."""

    def list_changes(self, *, since: int, now: int, limit: int | None = None) -> Sequence[Change]:
        """Those with a revision above `since` that must still be kept at `now`, in order; the first `limit` of them."""
        ...

    def current_revision(self) -> int:
        """The revision of the newest change ever made; 0 before the first."""
        ...


class ChangeIntents(Protocol):
    """What can be done to the sequence inside a transaction."""

    def record_change(self, kind: ChangeKind, target: str, *, now: int, keep_until: int) -> int:
        """Write the next change and return its revision. The sequence has no gaps: a rollback takes the number back."""
        ...

    def record_restore(self, *, beyond: int, now: int, keep_until: int) -> int:
        """Write a change of everything (`ALL_REVOKED`) with a number above `beyond`, and return that.

        The one gap there ever is. A copy that is restored knows a lower number than tokens and validators have seen;
        whoever finds a gap has missed something, and asks for everything anew.
        """
        ...

    def revision(self) -> int:
        """The newest revision as this transaction sees it; what is issued in this transaction carries it."""
        ...
