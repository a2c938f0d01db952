"""What every validator must learn: revocations and their like, in one gapless sequence."""

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

    @property
    def concerns_subject(self) -> bool:
        """The target is a subject, whose remembered facts are out of date."""
        return self in (ChangeKind.SUBJECT_REVOKED, ChangeKind.SUBJECT_CHANGED)


@dataclass(frozen=True, slots=True)
class Change:
    """One row. It covers every token whose `rev` is below `revision`; kept until no such token can live."""

    revision: int
    kind: ChangeKind
    target: str
    made_at: int
    keep_until: int


class ChangeFacts(Protocol):
    """What can be read of changes."""

    def list_changes(self, *, since: int, now: int) -> Sequence[Change]:
        """Those with a revision above `since` that must still be kept at `now`, in order."""
        ...

    def current_revision(self) -> int:
        """The revision of the newest change ever made; 0 before the first."""
        ...


class ChangeIntents(Protocol):
    """What can be done to the sequence inside a transaction."""

    def record_change(self, kind: ChangeKind, target: str, *, now: int, keep_until: int) -> int:
        """Write the next change and return its revision. The sequence has no gaps: a rollback takes the number back."""
        ...

    def revision(self) -> int:
        """The newest revision as this transaction sees it; what is issued in this transaction carries it."""
        ...
