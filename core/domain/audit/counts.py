"""What happens at every refresh and validation: counted in memory, and added up in the database hour by hour."""

import threading
from collections.abc import Mapping
from typing import Protocol

from core.domain.audit.act import Act
from core.domain.audit.record import AuditIntents, Spare, Tallies
from core.domain.writing import Writes

_HOUR = 3600


class CountingStore(Writes[AuditIntents], Spare, Protocol):
    """What counting needs of a store."""


class AuditCounts:
    """Adds what was counted since the last flush to the hour's counts; a crash loses what came after that."""

    def __init__(self, store: CountingStore, tallies: Tallies) -> None:
        self._store = store
        self._tallies = tallies
        self._flushing = threading.Lock()
        self._flushed: Mapping[tuple[Act, str], int] = {}

    def flush(self, now: int) -> None:
        """Write what was counted; nothing is written where nothing was, nor while the disk is nearly full.

        Raises:
            StoreUnavailable: it is counted at the next flush.
        """
        with self._flushing:
            counted = self._tallies()
            grown = {kind: number - self._flushed.get(kind, 0) for kind, number in counted.items()}
            hour = now - now % _HOUR

            def intent(tx: AuditIntents) -> None:
                for (act, reason), more in grown.items():
                    if more:
                        tx.add_audit_count(hour, act, reason, more)

            if any(grown.values()) and self._store.has_room():
                self._store.write(intent)
                self._flushed = counted
