"""Which services used a grant, and when last: as verifiers say it once a minute, for what they answer by themselves,
and as validations at the core show it (gRPC, introspection, Envoy).

A use is noted where a token comes to a service for the first time, so it is exact to the lifetime of an access token;
behind Envoy and with introspection, which ask each time, to half a minute.
What is told is kept in memory and written down every half minute; a grant has a row for each of a few services.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import Protocol

from core.domain.clock import ServingClock
from core.domain.tokens.validation import require_audience
from core.domain.writing import Writes, write_each

#: Of one grant; whoever is one too many is not noted.
MOST_SERVICES = 32
#: Uses in one call of a verifier, and in memory.
_MOST_TOLD = 1000
_MOST_WAITING = 20_000
_GRANT_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class GrantUse:
    """One service's last use of a grant, in seconds since the epoch."""

    service: str
    last_used_at: int


class GrantUseFacts(Protocol):
    """What can be read of uses."""

    def list_uses(self, grant_id: bytes) -> Sequence[GrantUse]:
        """By service, the last one first."""
        ...


class GrantUseIntents(Protocol):
    """What can be done to uses inside a transaction."""

    def note_use_of_grant(self, grant_id: bytes, use: GrantUse, *, most: int) -> None:
        """Note it, unless there is no such grant, a later one is noted, or `most` other services have used it."""
        ...


class GrantUses:
    """Hears of uses and writes them down; from any thread."""

    def __init__(self, store: Writes[GrantUseIntents], clock: ServingClock) -> None:
        self._store = store
        self._clock = clock
        self._lock = Lock()
        #: By the claim "gid" and service.
        self._waiting: dict[tuple[str, str], int] = {}

    def note(self, audience: str, grant_ids: Iterable[str]) -> None:
        """Tokens of these grants were good at the service; what cannot be a grant's id is none.

        Raises:
            InvalidArgument: the audience is no resource.
        """
        service, now = require_audience(audience), self._clock.now()
        with self._lock:
            for grant_id in islice(grant_ids, _MOST_TOLD):
                if _GRANT_ID.fullmatch(grant_id) and len(self._waiting) < _MOST_WAITING:
                    self._waiting[grant_id, service] = now

    def note_one(self, grant_id: str, service: str) -> None:
        """A token of this grant was good at the service, a resource as it is compared, which has asked the core. On the
        way of validations: what is noted already in this half minute costs no more than to see that."""
        key = grant_id, service
        if key not in self._waiting:
            with self._lock:
                if len(self._waiting) < _MOST_WAITING:
                    self._waiting[key] = self._clock.now()

    def write_down(self) -> None:
        """Keep what is waiting, but for a clock in doubt: its times would be later than every right one.

        Raises:
            StoreUnavailable: what was not written is forgotten; it comes again with the next token.
        """
        with self._lock:
            waiting, self._waiting = list(self._waiting.items()), {}
        if not self._clock.unconfirmed:
            write_each(self._store, waiting, _note)


def _note(tx: GrantUseIntents, waiting: tuple[tuple[str, str], int]) -> None:
    (grant_id, service), at = waiting
    tx.note_use_of_grant(bytes.fromhex(grant_id), GrantUse(service, at), most=MOST_SERVICES)
