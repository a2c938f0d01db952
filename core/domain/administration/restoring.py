"""A database that was restored from a copy begins anew: what it forgot must not come back to life with it.

The copy knows nothing of what happened after it was made: what was revoked, who signed out, which codes were spent,
which numbers revocations already had.
"""

from dataclasses import dataclass
from typing import Protocol

from core.domain.authorization.device_authorization import DeviceAuthorizationIntents
from core.domain.clock import Clock
from core.domain.grants.grant import GrantIntents, RevokeReason
from core.domain.keys.key_ring import KeyRing
from core.domain.sessions.session import SessionIntents
from core.domain.tokens.access_token import LONGEST_LIFETIME
from core.domain.tokens.change import ChangeIntents
from core.domain.writing import Writes

#: More changes in one second than any server makes, as a power of two. So the number of a restore, which is its time in
#: these units, lies beyond every number that was ever given out, also where the database that gave them is lost.
_CHANGES_PER_SECOND = 20


class RestoringTransaction(GrantIntents, DeviceAuthorizationIntents, SessionIntents, ChangeIntents, Protocol):
    """What beginning anew writes."""


@dataclass(frozen=True, slots=True)
class NewBeginning:
    """What a restore did to the copy."""

    #: The number of its change of everything.
    revision: int
    #: How many live grants it ended.
    ended_grants: int


class Restoring:
    """Makes a copy of an older database fit to be served."""

    def __init__(self, store: Writes[RestoringTransaction], keys: KeyRing, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    def begin_anew(self, *, known_revision: int, keep_grants: bool) -> NewBeginning:
        """End every access token, session and code ever given out, and unless `keep_grants`, every grant.

        `known_revision` is the highest number that is known to have been given out, in the copy or elsewhere. With
        `keep_grants` the grants are what they were in the copy: also those that were revoked after it was made.
        """
        now = self._clock.now()
        beyond = max(known_revision, now << _CHANGES_PER_SECOND)

        def intent(tx: RestoringTransaction) -> NewBeginning:
            tx.delete_all_sessions()
            tx.kill_all_device_authorizations()
            if keep_grants:
                # They may have been redeemed since.
                tx.kill_all_codes()
                ended = 0
            else:
                ended = tx.revoke_all_grants(reason=RevokeReason.RESTORED, now=now)
            return NewBeginning(tx.record_restore(beyond=beyond, now=now, keep_until=now + LONGEST_LIFETIME), ended)

        begun = self._store.write(intent)
        # For whoever checks signatures alone, and for what a wrong clock could make of numbers and times.
        self._keys.replace()
        return begun
