"""Rotation, acknowledged: a new key is published first, and signs when every connected verifier has it.

Where nobody says so, it signs when it has been published for as long as the operator states. That time counts while the
core serves, on its own clock: a clock that was set, or a night in which nobody could fetch the key, is not counted.
"""

import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from core.domain.clock import Clock, lies_ahead
from core.domain.errors import FailedPrecondition
from core.domain.keys.key_ring import KeyRing, KeyTransaction
from core.domain.keys.rotation_schedule import RotationSchedule
from core.domain.keys.signing_key import SigningKey
from core.domain.sayings import say
from core.domain.writing import Writes

_log = logging.getLogger(__name__)

#: A key is published for no less before it signs, whoever acknowledged it, unless the operator states less: twice the
#: time for which whoever reads the JWK Set over HTTP may keep it. In seconds.
SHORTEST_PUBLICATION = 120
#: How long after its start a core waits for verifiers to come back before it counts them, in seconds.
RECONNECTING = 10


class ConnectedVerifier(NamedTuple):
    """Who follows the changes at this moment."""

    #: As `[Grpc] Caller` lists it; "" in plaintext.
    name: str
    #: Its end of the connection.
    address: str


class ConnectedVerifiers(Protocol):
    """Who is connected, and who has which key."""

    def count(self) -> int:
        """How many are connected."""
        ...

    def list_connected(self) -> Sequence[ConnectedVerifier]:
        """All of them."""
        ...

    def list_lacking(self, key_id: str) -> Sequence[ConnectedVerifier]:
        """Those that have not acknowledged a key."""
        ...


class DoubtedClock(Clock, Protocol):
    """A clock that knows when it may be wrong (`core.domain.clock.ServingClock`)."""

    @property
    def unconfirmed(self) -> bool:
        """It began far ahead of the last start's, and nobody has confirmed it."""
        ...


class KeyRotation:
    """Takes the steps of a rotation when they are due; `look` has to be called again and again."""

    def __init__(
        self,
        keys: KeyRing,
        schedule: Callable[[], RotationSchedule],
        verifiers: ConnectedVerifiers,
        clock: DoubtedClock,
        *,
        longest_token: int,
    ) -> None:
        """`longest_token`: how long a key is needed after its last signature, in seconds."""
        self._keys = keys
        self._schedule = schedule
        self._verifiers = verifiers
        self._clock = clock
        self._longest_token = longest_token
        self._began = clock.now()
        #: The published key: its id, and since when it would have been published had the core served all the time.
        self._published_since: tuple[str, int] | None = None
        self._remember(keys.find_published())

    def look(self) -> None:
        """Publish the next key when it is time for it; let it sign when it is ready.

        Raises:
            StoreUnavailable: a step could not be written; the next look tries it again.
        """
        if self._clock.unconfirmed:
            # Whatever a wrong clock would date, a right one has to live with.
            return
        published = self._keys.find_published()
        if published is not None:
            self._sign_with(published)
        elif self._is_due():
            self.begin()

    def begin(self, through: Writes[KeyTransaction] | None = None) -> SigningKey:
        """Publish the next key; the one that is published already, where there is one. `through` as in
        `KeyRing.publish`."""
        before, key = self._keys.find_published(), self._keys.publish(through)
        self._remember(key)
        if before is None:
            _log.info("signing key published", extra={"key_id": key.key_id})
        return key

    def sign_at_once(self, through: Writes[KeyTransaction] | None = None) -> SigningKey:
        """Sign with the published key, or a new one, whoever has it. `through` as in `KeyRing.publish`.

        Raises:
            FailedPrecondition: the clock is in doubt, and the key before would be retired by it.
        """
        if self._clock.unconfirmed:
            raise FailedPrecondition(say("clock_in_doubt"))
        key = self._keys.rotate(longest_token=self._longest_token, through=through)
        _log.info("signing key signs", extra={"key_id": key.key_id})
        return key

    def list_verifiers(self) -> Sequence[ConnectedVerifier]:
        """Every connected verifier."""
        return self._verifiers.list_connected()

    def list_laggards(self, key: SigningKey) -> Sequence[ConnectedVerifier]:
        """The connected verifiers that have not acknowledged a published key."""
        return self._verifiers.list_lacking(key.key_id)

    def signs_by(self, key: SigningKey) -> int:
        """When a published key signs at the latest, if the core serves all the time; in seconds since the epoch."""
        return max(self._clock.now(), self._remember(key) + self._schedule().publication)

    def note_progress(self) -> None:
        """Remember for how long the published key has been published, for the next start.

        Raises:
            StoreUnavailable: it could not be written.
        """
        published = self._keys.find_published()
        if published is not None:
            self._keys.note_publication(published.key_id, published_for=self._published_for(published))

    def rotation_due(self) -> int | None:
        """When the next key is published by schedule, in seconds since the epoch; None: never."""
        period = self._schedule().period
        return None if period is None else (self._keys.signing.signs_since or 0) + period

    def _is_due(self) -> bool:
        due, now = self.rotation_due(), self._clock.now()
        # A key that began to sign in a future that never came would otherwise sign until it comes.
        return due is not None and (due <= now or lies_ahead(self._keys.signing.signs_since or 0, now))

    def _sign_with(self, key: SigningKey) -> None:
        published_for, stated = self._published_for(key), self._schedule().publication
        in_time = published_for >= stated
        if not in_time and not (published_for >= SHORTEST_PUBLICATION and self._everybody_has(key)):
            return
        laggards = self.list_laggards(key)
        if not self._keys.begin_signing(key.key_id, longest_token=self._longest_token):
            return
        _log.info("signing key signs", extra={"key_id": key.key_id, "published_for": published_for})
        for verifier in laggards:
            _log.warning(
                "a verifier has not acknowledged the key that signs now",
                extra={"key_id": key.key_id, "verifier": verifier.name or "unnamed", "address": verifier.address},
            )

    def _everybody_has(self, key: SigningKey) -> bool:
        """Whether there are verifiers, and each has the key. Just after a start, some of them may not be back yet."""
        if self._clock.now() < self._began + RECONNECTING:
            return False
        return self._verifiers.count() > 0 and not self.list_laggards(key)

    def _published_for(self, key: SigningKey) -> int:
        return self._clock.now() - self._remember(key)

    def _remember(self, key: SigningKey | None) -> int:
        """Since when the key would have been published, had the core served all the time."""
        if key is None:
            return 0
        known = self._published_since
        if known is None or known[0] != key.key_id:
            known = self._published_since = key.key_id, self._clock.now() - key.published_for
        return known[1]
