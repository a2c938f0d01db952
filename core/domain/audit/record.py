"""One record of the audit trail, and what can be done with records."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.domain.audit.act import Act, Result
from core.domain.audit.origin import Actor, current_origin
from core.domain.correlation import current_correlation_id
from core.domain.limits.network import network_of

#: The longest text of a record, in characters: what operators name may be long.
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One decision; or, of refusals, as many of one kind as came from one network within a minute."""

    #: In seconds since the epoch; of several, the last one.
    at: int
    act: Act
    result: Result
    #: In one word: a verdict, or the code of a refusal; where groups are set, which ones come and go.
    reason: str
    actor: Actor
    #: The user and the client whom it concerns; empty where it concerns none.
    subject: str
    client_id: str
    #: What else it concerns; `Act` says what that is.
    target: str
    network: str
    #: Of several, the first one's.
    correlation_id: str
    count: int = 1
    #: Given by the store; 0 before.
    number: int = 0


def record_of(
    act: Act,
    *,
    at: int,
    result: Result = Result.SUCCEEDED,
    reason: str = "",
    actor: Actor | None = None,
    subject: str = "",
    client_id: str = "",
    target: str = "",
    network_address: str = "",
    correlation_id: str = "",
) -> AuditRecord:
    """A record of the call in progress: who asks and from where is known, unless it is said here."""
    origin = current_origin()
    return AuditRecord(
        at=at,
        act=act,
        result=result,
        reason=reason,
        actor=actor or origin.actor,
        subject=subject,
        client_id=client_id,
        target=shortened(target),
        network=network_of(network_address) if network_address else origin.network,
        correlation_id=correlation_id or current_correlation_id(),
    )


def shortened(text: str) -> str:
    """As much of it as a record takes."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which records are wanted; what is empty or None does not matter."""

    acts: tuple[Act, ...] = ()
    results: tuple[Result, ...] = ()
    #: Any of these, as actor, as the name of one, as subject or as target.
    users: tuple[str, ...] = ()
    client_id: str = ""
    network: str = ""
    correlation_id: str = ""
    target: str = ""
    #: In seconds since the epoch.
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class AuditCount:
    """How often something happened within an hour."""

    #: When it began, in seconds since the epoch.
    hour: int
    act: Act
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class AuditNames:
    """What people call whom records name by id; who is gone is not among them."""

    #: By subject.
    users: Mapping[str, str]
    #: Name and first redirect URI, where there is one, by client_id.
    clients: Mapping[str, tuple[str, str]]


#: How often everything happened since the start, by what and by what came of it.
Tallies = Callable[[], Mapping[tuple[Act, str], int]]


class AuditFacts(Protocol):
    """What can be read of the audit trail."""

    def list_audit_records(
        self, query: AuditQuery, *, limit: int, after: int | None, before: int | None
    ) -> Sequence[AuditRecord]:
        """With `after` those of larger numbers, in their order; else newest first, below `before`."""
        ...

    def list_audit_names(self, subjects: Sequence[str], client_ids: Sequence[str]) -> AuditNames:
        """As these are called now."""
        ...

    def list_audit_counts(self, *, since: int, until: int) -> Sequence[AuditCount]:
        """Counts of the hours that begin in this time, the earliest first."""
        ...


class Spare(Protocol):
    """A store that says whether it has room for what can wait."""

    def has_room(self) -> bool:
        """False where the disk is nearly full: what is left is for what must be written."""
        ...


class AuditIntents(Protocol):
    """What can be done to the audit trail inside a transaction."""

    def record_act(self, record: AuditRecord) -> None:
        """Write a record, which stands or falls with the transaction, and is told once that is committed."""
        ...

    def add_audit_count(self, hour: int, act: Act, reason: str, count: int) -> None:
        """Count so many more."""
        ...

    def purge_audit(self, *, before: int, limit: int) -> int:
        """Delete up to `limit` records, and as many counts, that are older; how many that were. The newest one stays,
        so that no number is given twice."""
        ...
