"""The audit trail put together: where records are kept, gathered, counted and told."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from core.audit_stream import AuditStream, CannotStream, standard_output
from core.config.audit_settings import AuditSettings
from core.config.errors import ConfigError
from core.domain.audit.act import Act, Result
from core.domain.audit.counts import AuditCounts
from core.domain.audit.record import AuditIntents, AuditRecord, Spare, Tallies, record_of
from core.domain.audit.refusals import Refusals
from core.domain.audit.upkeep import AuditUpkeep
from core.domain.clock import Clock
from core.domain.policy import PolicySource
from core.domain.sessions.login import SessionOwnerFacts
from core.domain.sessions.signed_in import SignedIn
from core.domain.writing import Writes


class TellingStream:
    """The stream, where the operator wants one; else nothing happens."""

    def __init__(self, settings: AuditSettings) -> None:
        """Raises ConfigError: the file cannot be opened."""
        self._stream: AuditStream | None = None
        if settings.stream is not None:
            path = settings.stream if isinstance(settings.stream, Path) else None
            try:
                self._stream = AuditStream(path, standard_output())
            except CannotStream as refusal:
                raise ConfigError(f"Audit.Stream: {refusal}") from None
        #: Takes one record that is not kept; None where nobody is told.
        self.tell_one: Callable[[AuditRecord], None] | None = self._stream.tell_one if self._stream else None

    def tell(self, records: Sequence[AuditRecord]) -> None:
        """Take records that were committed; never waits."""
        if self._stream is not None:
            self._stream.tell(records)

    def start(self) -> None:
        """Begin to write."""
        if self._stream is not None:
            self._stream.start()

    def reopen(self) -> None:
        """Open the file anew: it may have been moved away."""
        if self._stream is not None:
            self._stream.reopen()

    def stop(self) -> None:
        """Write what waits, and end."""
        if self._stream is not None:
            self._stream.stop()


class AuditedStore(SessionOwnerFacts, Writes[AuditIntents], Spare, Protocol):
    """What the audit trail needs of a store."""


class Auditing:
    """What gathers refusals, adds up counts and deletes what is old; and records what no request does."""

    def __init__(self, store: AuditedStore, clock: Clock, tallies: Tallies, policy: PolicySource) -> None:
        self._store = store
        self._clock = clock
        #: Where refusals are gathered.
        self.refusals = Refusals(store, clock, SignedIn(store, clock).find_actor)
        #: What has to be done again and again.
        self.upkeep = AuditUpkeep(
            store, self.refusals, AuditCounts(store, tallies), lambda: policy.current.audit_retention
        )

    def reload_of(self, settings: Sequence[str]) -> AuditRecord:
        """The record of a reload in which these settings are new."""
        return record_of(Act.CONFIG_RELOAD, at=self._clock.now(), target=", ".join(settings))

    def refuse_reload(self) -> None:
        """Record that a reload was asked for that cannot be.

        Raises:
            StoreUnavailable: it could not be written.
        """
        record = record_of(Act.CONFIG_RELOAD, at=self._clock.now(), result=Result.REFUSED, reason="config_error")
        self._store.write(lambda tx: tx.record_act(record))
