"""Refusals, gathered: whoever knocks a million times is told of in a few records, with the number of times.

The first refusal of a kind is recorded within a second. What follows from the same network within the same minute, of
the same kind and about the same user and client, becomes one more record when the minute is over. Of different kinds
so many are told apart as `BURST` and `EACH` say; all beyond are added up hour by hour, by act and reason alone. So no
flood leaves more than a few thousand records a day, and none goes uncounted.
"""

import logging
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from core.domain.audit.act import Act, Result
from core.domain.audit.origin import ANONYMOUS, Actor
from core.domain.audit.record import AuditIntents, AuditRecord, Spare, record_of
from core.domain.clock import Clock
from core.domain.errors import (
    AuthorizationPending,
    ClientDocumentWanted,
    ClientKeysWanted,
    InvalidGrant,
    OAuthError,
    Refusal,
    SlowDown,
    StoreUnavailable,
)
from core.domain.writing import Writes

_log = logging.getLogger(__name__)

#: So many kinds are told apart at once, and then one more in each so many seconds.
BURST, EACH = 1000, 30
_MINUTE, _HOUR = 60, 3600
#: What waits for a store that cannot write.
_MOST_WAITING = 4 * BURST
#: What is no decision: ask again, or ask otherwise.
_UNDECIDED = (AuthorizationPending, SlowDown, ClientDocumentWanted, ClientKeysWanted, StoreUnavailable)
_INNER_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")

_Kind: TypeAlias = tuple[object, ...]


def refusal_word(error: Exception) -> str:
    """Why, in one word: the verdict or the registered code where there is one."""
    if isinstance(error, InvalidGrant):
        return error.verdict
    if isinstance(error, OAuthError):
        return error.code
    return _INNER_CAPITAL.sub("_", type(error).__name__).lower() if isinstance(error, Refusal) else "server_error"


@dataclass(slots=True)
class _Gathered:
    """The refusals of one kind that have not been recorded yet."""

    last: AuditRecord
    first_correlation_id: str = ""
    count: int = 0

    def add(self, record: AuditRecord) -> None:
        self.last = record
        self.first_correlation_id = self.first_correlation_id or record.correlation_id
        self.count += 1

    def to_record(self) -> AuditRecord:
        return replace(self.last, correlation_id=self.first_correlation_id, count=self.count)


class GatheringStore(Writes[AuditIntents], Spare, Protocol):
    """What gathering needs of a store."""


#: Whose session this is; None where it is nobody's.
FindsActor: TypeAlias = Callable[[str], Actor | None]


def _nobody(_session_token: str) -> None:
    """Where there are no sessions."""


class Refusals:
    """Takes refusals from any thread; `flush` has to be called again and again."""

    def __init__(self, store: GatheringStore, clock: Clock, find_signed_in: FindsActor = _nobody) -> None:
        self._store = store
        self._clock = clock
        self._find_signed_in = find_signed_in
        self._lock = threading.Lock()
        #: Whoever has flushed knows that everything is written that was ready, whoever took it.
        self._flushing = threading.Lock()
        self._ready: list[AuditRecord] = []
        self._minute, self._of_minute = 0, dict[_Kind, _Gathered]()
        self._hour, self._of_hour = 0, dict[_Kind, _Gathered]()
        #: GCRA: when as many kinds as at the start can be told apart again, in seconds since the epoch.
        self._full_at = 0

    def add(
        self,
        act: Act,
        error: Exception,
        *,
        target: str = "",
        network_address: str = "",
        correlation_id: str = "",
        session_token: str = "",
    ) -> None:
        """Gather a refusal, unless it is no decision or left a record of its own; `target` names what there is.
        With a session it is its user who was refused."""
        if isinstance(error, _UNDECIDED) or (isinstance(error, Refusal) and error.recorded):
            return
        about = error if isinstance(error, Refusal) else Refusal("")
        actor = self._find_actor(session_token) if session_token else None
        self._add(
            record_of(
                act,
                at=self._clock.now(),
                result=Result.REFUSED,
                reason=refusal_word(error),
                actor=actor,
                subject=about.subject or (actor.name if actor else ""),
                client_id=about.client_id,
                target=target,
                network_address=network_address,
                correlation_id=correlation_id,
            )
        )

    def record_soon(self, record: AuditRecord) -> None:
        """Record what no transaction decides, with the next flush."""
        with self._lock:
            self._ready.append(record)

    def flush(self, *, everything: bool = False) -> None:
        """Record what is ready, unless the disk is nearly full; `everything`: also what is still being gathered.

        Raises:
            StoreUnavailable: it is tried again at the next flush.
        """
        with self._flushing:
            with self._lock:
                self._turn(self._clock.now(), everything=everything)
            # What is left of a disk is for what ends something.
            if not self._ready or not self._store.has_room():
                return
            with self._lock:
                ready, self._ready = self._ready, []
            try:
                if ready:
                    self._store.write(lambda tx: _record(tx, ready))
            except StoreUnavailable:
                self._give_back(ready)
                raise

    def _give_back(self, ready: list[AuditRecord]) -> None:
        with self._lock:
            self._ready[:0] = ready
            if (lost := len(self._ready) - _MOST_WAITING) > 0:
                del self._ready[:lost]
                _log.warning("refusals could not be recorded", extra={"records": lost})

    def _find_actor(self, session_token: str) -> Actor | None:
        try:
            return self._find_signed_in(session_token)
        except StoreUnavailable:
            # Then it is a refusal of somebody, which is better than none.
            return None

    def _add(self, record: AuditRecord) -> None:
        with self._lock:
            self._turn(record.at)
            kind: _Kind = (
                record.act,
                record.reason,
                record.actor,
                record.subject,
                record.client_id,
                record.target,
                record.network,
            )
            gathered = self._of_minute.get(kind)
            if gathered is not None:
                gathered.add(record)
            elif self._may_tell_apart(record.at):
                self._ready.append(record)
                self._of_minute[kind] = _Gathered(record)
            else:
                nameless = replace(
                    record, actor=ANONYMOUS, subject="", client_id="", target="", network="", correlation_id=""
                )
                self._of_hour.setdefault((record.act, record.reason), _Gathered(nameless)).add(nameless)

    def _may_tell_apart(self, at: int) -> bool:
        full_at = max(self._full_at, at)
        if full_at > at + (BURST - 1) * EACH:
            return False
        self._full_at = full_at + EACH
        return True

    def _turn(self, now: int, *, everything: bool = False) -> None:
        """Close the minute and the hour that are over."""
        if everything or now // _MINUTE != self._minute:
            self._ready += [each.to_record() for each in self._of_minute.values() if each.count]
            self._minute, self._of_minute = now // _MINUTE, {}
        if everything or now // _HOUR != self._hour:
            self._ready += [each.to_record() for each in self._of_hour.values()]
            self._hour, self._of_hour = now // _HOUR, {}


def _record(tx: AuditIntents, records: Sequence[AuditRecord]) -> None:
    for record in records:
        tx.record_act(record)
