"""A database that was restored from a copy begins anew: what it forgot must not come back to life with it.

The copy knows nothing of what happened after it was made: what was revoked, who signed out, which codes were spent,
which numbers revocations already had.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from core.domain.audit.act import Act
from core.domain.audit.record import AuditIntents, record_of, shortened
from core.domain.authorization.device_authorization import DeviceAuthorizationIntents
from core.domain.clock import Clock
from core.domain.grants.grant import GrantIntents, RevokeReason
from core.domain.keys.key_ring import KeyRing
from core.domain.sessions.session import SessionIntents
from core.domain.tokens.access_token import LONGEST_LIFETIME
from core.domain.tokens.change import ChangeIntents
from core.domain.users.user import UserIntents
from core.domain.writing import Writes

#: More changes in one second than any server makes, as a power of two. So the number of a restore, which is its time in
#: these units, lies beyond every number that was ever given out, also where the database that gave them is lost.
_CHANGES_PER_SECOND = 20


class RestoringTransaction(
    GrantIntents, DeviceAuthorizationIntents, SessionIntents, UserIntents, ChangeIntents, AuditIntents, Protocol
):
    """What beginning anew writes."""


@dataclass(frozen=True, slots=True)
class RestoredBackup:
    """Where the copy is from."""

    file: str
    #: The last time that it has seen, in seconds since the epoch; 0 where it has seen none.
    time: int


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

    def begin_anew(self, backup: RestoredBackup, *, known_revision: int, keep_grants: bool) -> NewBeginning:
        """End every access token, session and code ever given out, and unless `keep_grants`, every grant. The audit
        trail, which is that of the backup, goes on with who has done this.

        `known_revision` is the highest number that is known to have been given out, in the copy or elsewhere. With
        `keep_grants` the grants are what they were in the copy: also those that were revoked after it was made.
        """
        now = self._clock.now()
        beyond = max(known_revision, now << _CHANGES_PER_SECOND)
        made = f"as of {datetime.fromtimestamp(backup.time, UTC):%Y-%m-%dT%H:%M:%SZ}, " if backup.time else ""
        # Made here: it names the call in progress.
        record = record_of(Act.RESTORE, at=now, reason="grants_kept" if keep_grants else "grants_ended")

        def intent(tx: RestoringTransaction) -> NewBeginning:
            tx.delete_all_sessions()
            tx.forget_all_browsers(now=now)
            tx.kill_all_device_authorizations()
            if keep_grants:
                # They may have been redeemed since.
                tx.kill_all_codes()
                ended = 0
            else:
                ended = tx.revoke_all_grants(reason=RevokeReason.RESTORED, now=now)
            became = "grants kept" if keep_grants else f"grants ended: {ended}"
            # The path last: it alone may be longer than a record's text.
            tx.record_act(replace(record, target=shortened(f"{made}{became}, {backup.file}")))
            return NewBeginning(tx.record_restore(beyond=beyond, now=now, keep_until=now + LONGEST_LIFETIME), ended)

        begun = self._store.write(intent)
        # For whoever checks signatures alone, and for what a wrong clock could make of numbers and times.
        self._keys.replace()
        return begun
