"""Keys of clients that stand at a `jwks_uri` (RFC 7591 §2): fetched when they are needed, and kept in memory.

Whoever authenticates a client reads what is here and never waits on the network: where something has to be fetched
first it says so, and `load` is asked in a call of its own. A key that nobody knows is looked for at most once in 30
seconds, so that no assertion, which anybody can write, makes this server knock at somebody's door.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.clients.client_keys import ClientKey, KeysRefused, load_keys, parse_fetched_keys
from core.domain.clients.document_memory import LONGEST_FRESH, SHORTEST_FRESH
from core.domain.clients.document_source import DocumentSource, DocumentUnavailable, SourceBusy
from core.domain.clients.document_url import parse_document_url
from core.domain.clients.host_turns import HostTurns
from core.domain.clock import Clock
from core.domain.errors import TemporarilyUnavailable
from core.domain.limits.key import LimitKey
from core.domain.limits.rate import LimitIntents, Rate, require_slot
from core.domain.writing import Writes

_log = logging.getLogger(__name__)

#: Between two fetches from one URI, in seconds, whatever came of the first.
ASKED_EVERY = 30
#: Of URIs.
_MOST = 1000


@dataclass(frozen=True, slots=True)
class _KeySet:
    keys: tuple[ClientKey, ...]
    #: When it was last asked for, and until when what came of it is fresh and good, in seconds since the epoch.
    asked_at: int
    fresh_until: int
    good_until: int


class KeySets:
    """The keys at every jwks_uri that was asked for; used from many threads."""

    def __init__(self, store: Writes[LimitIntents], source: DocumentSource, clock: Clock, turns: HostTurns) -> None:
        """`turns` are everybody's who asks other hosts: one at a time for each, whatever is wanted from it."""
        self._store = store
        self._source = source
        self._clock = clock
        self._turns = turns
        self._lock = threading.Lock()
        self._sets: OrderedDict[str, _KeySet] = OrderedDict()

    def find(self, jwks_uri: str) -> Sequence[ClientKey] | None:
        """The keys, where nothing has to be fetched first; none of them where they cannot be had right now."""
        known = self._sets.get(jwks_uri)
        if known is None or (known.fresh_until <= self._clock.now() and self._may_ask(known)):
            return None
        # Their host's outage signs nobody out: what was fresh goes on being good for a while.
        return known.keys if known.good_until > self._clock.now() else ()

    def may_ask(self, jwks_uri: str) -> bool:
        """Whether a key that is not among those at hand may be looked for."""
        known = self._sets.get(jwks_uri)
        return known is None or self._may_ask(known)

    def load(self, jwks_uri: str, *, in_all: Rate, loopback: bool) -> None:
        """Fetch the keys, unless they were asked for a moment ago. Waits on the network: never call it in a batch.

        `in_all` is how often anybody's keys may be fetched.

        Raises:
            TemporarilyUnavailable: too many fetch right now.
            TooManyAttempts: too many were fetched.
        """
        url = parse_document_url(jwks_uri)
        with self._turns.take(url.host):
            if not self.may_ask(jwks_uri):
                return
            self._spend(in_all)
            now, before = self._clock.now(), self._sets.get(jwks_uri)
            try:
                fetched = self._source.fetch(url, loopback=loopback)
                keys = load_keys(parse_fetched_keys(fetched.body.decode("utf-8", errors="replace")))
            except SourceBusy:
                raise TemporarilyUnavailable("too many keys of clients are being fetched right now") from None
            except DocumentUnavailable as failure:
                self._fail(jwks_uri, before, now, failure.reason, failure.detail)
            except KeysRefused as refusal:
                self._fail(jwks_uri, before, now, str(refusal))
            else:
                kept_for = min(max(fetched.fresh_for or 0, SHORTEST_FRESH), LONGEST_FRESH)
                self._keep(jwks_uri, _KeySet(keys, now, now + kept_for, now + LONGEST_FRESH))
                _log.info("client keys fetched", extra={"jwks_uri": jwks_uri, "keys": len(keys), "kept_for": kept_for})

    def _spend(self, in_all: Rate) -> None:
        now_ms = self._clock.now_ms()
        # Not out of the documents' budget: whoever names documents that nobody has must not keep programs out.
        key = LimitKey.of("client keys")
        if in_all.count:
            self._store.write(lambda tx: require_slot(tx, key, in_all, now_ms=now_ms, what="clients' keys"))

    def _fail(self, jwks_uri: str, before: _KeySet | None, now: int, why: str, detail: str = "") -> None:
        _log.warning("client keys refused", extra={"jwks_uri": jwks_uri, "why": why, "detail": detail or "none"})
        keys, good_until = (before.keys, before.good_until) if before else ((), 0)
        self._keep(jwks_uri, _KeySet(keys, now, 0, good_until))

    def _keep(self, jwks_uri: str, keys: _KeySet) -> None:
        with self._lock:
            self._sets[jwks_uri] = keys
            self._sets.move_to_end(jwks_uri)
            while len(self._sets) > _MOST:
                self._sets.popitem(last=False)

    def _may_ask(self, known: _KeySet) -> bool:
        return self._clock.now() >= known.asked_at + ASKED_EVERY
