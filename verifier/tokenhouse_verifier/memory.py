"""What is remembered of tokens, and whether it may still be used.

An answer of the core counts every change up to its revision. So it holds as long as no change above that revision
concerns it, and as long as the changes keep coming. Which of an answer and a change arrived first does not matter.
"""

import threading
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.cache import Cache, Entry, size_of
from tokenhouse_verifier.changed import Changed
from tokenhouse_verifier.claims import Claims
from tokenhouse_verifier.contract.changes_pb2 import Change, Policy, WatchChangesResponse
from tokenhouse_verifier.contract.validation_pb2 import ValidateTokenResponse
from tokenhouse_verifier.forking import is_cleared_in_children, number_of_this_process
from tokenhouse_verifier.freshness import Freshness, now
from tokenhouse_verifier.known_users import KnownUsers
from tokenhouse_verifier.reading import Reader
from tokenhouse_verifier.refused import Refused
from tokenhouse_verifier.uses import Uses

#: How long the stream may be silent before nothing that is remembered is trusted, in seconds.
SILENCE = 5.0
#: How long the core's no is believed, in seconds. Most of what is no good stays so; but a token from the future (made
#: while the core's clock was wrong) becomes good in time, and of that nobody is told.
REFUSED_FOR = 60.0
#: How far ahead of the core's clock a token may have been made before the core is asked about it, in seconds.
_TOLERATED = 60.0


class Gap(Exception):
    """A change is missing in the stream."""


class Moment(NamedTuple):
    """What was known when questions were asked."""

    #: How often everything had been forgotten.
    epoch: int
    #: The revision that had been reached; what the core must know at least.
    revision: int
    #: Whether changes were being followed.
    following: bool


class Memory:
    """Answers, and what has happened since.

    Looking up needs no lock: `entries`, `revision` and `fresh` may be read at any time, in this order:

        entry = memory.entries.get(digest)
        if entry is not None and entry.checked >= memory.revision and now() < entry.expires and now() < memory.fresh[0]:
            the entry's token is good

    A change is noted before `revision` moves on, so an entry that passes is one that no change concerns.
    """

    def __init__(self, *, max_entries: int, max_bytes: int, know_users: bool) -> None:
        """`know_users`: remember users apart from their tokens, for `adopt`."""
        self._lock = threading.Lock()
        users = max_bytes // 4 if know_users else 0
        self._cache = Cache(max_entries, max_bytes - users)
        self._reader = Reader(self._cache)
        self._users = KnownUsers(max_entries, users) if know_users else None
        self._refused = Refused()
        #: Of the grants whose tokens have come for the first time.
        self.uses = Uses()
        self._changed = Changed()
        self._freshness = Freshness()
        #: How many streams there have been; and until when those before this one let what is remembered be used.
        self._stream = 0
        self._carried = 0.0
        self._epoch = 0
        self._following = False
        self.entries = self._cache.entries
        #: Every change up to this revision has been noted.
        self.revision = 0
        self.mark = b""
        #: `fresh_until`, where a lookup costs no call; 0.0 in a process that was forked from this one.
        self.fresh = number_of_this_process()
        self.is_cleared_in_children = is_cleared_in_children(self.fresh)
        #: Until when tokens are known to be no good, for a look before `is_refused`.
        self.refused = self._refused.until
        self.policy: Policy | None = None
        #: What the policy says; true while there is none.
        self.clients_enabled = True
        #: Called with each new policy, under the lock.
        self.on_policy: Callable[[Policy], None] | None = None

    @property
    def fresh_until(self) -> float:
        """Until when what is remembered may be used, on the clock of `freshness.now`."""
        return self.fresh[0]

    @property
    def size(self) -> int:
        """About how many bytes answers and users take."""
        return self._cache.bytes + (self._users.bytes if self._users is not None else 0)

    def apply(self, message: WatchChangesResponse, received_at: float) -> None:
        """Take over a message of the stream.

        Raises:
            Gap: it does not go on where the last one ended.
        """
        with self._lock:
            if message.HasField("policy"):
                self._apply_policy(message.policy)
            if message.HasField("snapshot"):
                self._apply_snapshot(message)
            else:
                self._apply_changes(message)
            self._freshness.note(message.sent_at_ms / 1000, received_at)
            self._refresh()

    def reckon(self, stream: int, asked_at: float, core_time: float | None) -> None:
        """The core told its clock, in seconds since the epoch, to who asked at `asked_at`; None: it tells nobody."""
        with self._lock:
            if stream != self._stream:
                return
            if core_time is None:
                self._freshness.trust()
            elif not self._freshness.reckon(asked_at, core_time):
                self._drop_answers()
            self._refresh()

    def restart(self) -> int:
        """Another stream begins: what it says first decides whether anything is kept. Its number, for `reckon`."""
        with self._lock:
            self._following = False
            self._freshness.restart()
            self._carried = self.fresh_until
            self._stream += 1
            return self._stream

    def _refresh(self) -> None:
        if self._following:
            self.fresh[0] = max(self._carried, self._freshness.until(SILENCE))

    def forget(self) -> None:
        """Begin anew: what is known is not of the history that the core has now, or a part of it is missing."""
        with self._lock:
            self._drop_answers()
            self._changed = Changed()
            self._following = False
            self.revision, self.mark = 0, b""

    def moment(self) -> Moment:
        """Now, for a question that is about to be asked."""
        with self._lock:
            return Moment(self._epoch, self.revision, self._following)

    def renew(self, digest: bytes) -> AccessToken | None:
        """The remembered answer, if it still holds though changes have come; it is forgotten if one concerns it."""
        with self._lock:
            entry = self.entries.get(digest)
            at = now()
            if entry is None or at >= self.fresh_until:
                return None
            if at >= entry.expires or self._changed.since(entry.checked, entry.token):
                self._cache.drop(digest)
                if self._changed.ended_since(entry.checked, entry.token):
                    self._refused.put(digest, entry.expires)
                return None
            self.entries[digest] = entry._replace(checked=max(entry.checked, self.revision))
            return entry.token

    def is_refused(self, digest: bytes) -> bool:
        """Whether this token is known to be no good, while the changes keep coming. Needs no lock."""
        until = self._refused.until.get(digest)
        return until is not None and now() < min(until, self.fresh_until)

    def find_stale(self, digest: bytes, seconds: float) -> AccessToken | None:
        """The remembered answer though nothing has been heard for a while, up to so many seconds too long."""
        with self._lock:
            entry = self.entries.get(digest)
            at = now()
            if entry is None or at >= entry.expires or at >= self.fresh_until + seconds:
                return None
            return None if self._changed.since(entry.checked, entry.token) else entry.token

    def settle(self, asked: Moment, answers: Iterable[tuple[bytes, ValidateTokenResponse]]) -> list[AccessToken | None]:
        """What active answers say, given to what was asked at that moment; each with the digest of its token.

        Each is remembered if it can be, and used up. None: it is older than what is known by now.
        """
        with self._lock:
            outdated = asked.following and asked.epoch != self._epoch
            keep = asked.following and self._following and not outdated
            newest, settled, read = self._changed.newest, list[AccessToken | None](), self._reader.read
            put, users = self._cache.put, self._users
            offset = self._freshness.here(0) if keep else 0.0
            for digest, answer in answers:
                revision = answer.revision
                token, size = read(answer)
                if outdated or (revision < newest and self._changed.since(revision, token)):
                    settled.append(None)
                    continue
                if keep:
                    # As in `Reader`: a quarter of the time.
                    put(digest, tuple.__new__(Entry, (token, revision, token.expires_at + offset, size)))
                    if users is not None:
                        users.put(token, revision)
                settled.append(token)
            self.uses.note([token.grant_id for token in settled if token is not None])
            return settled

    def adopt(self, digest: bytes, claims: Claims) -> AccessToken | None:
        """A token whose signature is good, if it has not expired, nothing ended it, and its user is known."""
        with self._lock:
            at = now()
            if self._users is None or not self._following or at >= self.fresh_until:
                return None
            token, expires = self._users.find_token(claims, self._changed), self._freshness.here(claims.expires_at)
            if token is None or at >= expires or self._changed.since(claims.revision, token):
                return None
            # Newer than what is known: the core has to say whether it is, or whether its database is older.
            if claims.revision > self.revision:
                return None
            if self._freshness.here(claims.issued_at) > at + _TOLERATED:
                return None
            texts = (token.subject, token.username, token.client_id, token.grant_id, *token.scopes, *token.audience)
            self._keep(digest, token, self.revision, expires, size_of(token, sum(map(len, (*texts, *token.groups)))))
            self.uses.note([token.grant_id])
            return token

    def close(self) -> None:
        """Answer nothing any more."""
        with self._lock:
            self._drop_answers()
            self._following, self._carried, self.fresh[0] = False, 0.0, 0.0

    def refuse(self, asked: Moment, digest: bytes) -> None:
        """The core says that this token is not good, to whom asked at that moment."""
        with self._lock:
            self._cache.drop(digest)
            if asked.following and self._following and asked.epoch == self._epoch:
                self._refused.put(digest, now() + REFUSED_FOR)

    def _apply_policy(self, policy: Policy) -> None:
        before, self.policy = self.policy, policy
        self.clients_enabled = policy.oauth_clients_enabled
        if before is None or _without_keys(before) != _without_keys(policy):
            self._drop_answers()
        if self.on_policy is not None:
            self.on_policy(policy)

    def _apply_snapshot(self, message: WatchChangesResponse) -> None:
        if message.snapshot.begins:
            self._drop_answers()
            self._changed = Changed()
            self.revision, self.mark = 0, b""
        for change in message.snapshot.changes:
            self._note(change)
        if message.snapshot.complete:
            self.revision, self.mark, self._following = message.revision, message.mark, True

    def _apply_changes(self, message: WatchChangesResponse) -> None:
        for number, change in enumerate(message.changes.changes, self.revision + 1):
            if change.revision != number:
                raise Gap(f"change {number} is missing")
            self._note(change)
        if message.revision != self.revision + len(message.changes.changes):
            raise Gap(f"revision {message.revision} does not follow {self.revision}")
        self.revision, self.mark, self._following = message.revision, message.mark, True

    def _note(self, change: Change) -> None:
        if not self._changed.note(change):
            self._drop_answers()

    def _keep(self, digest: bytes, token: AccessToken, checked: int, expires: float, size: int) -> None:
        # As in `Reader`: a quarter of the time.
        self._cache.put(digest, tuple.__new__(Entry, (token, checked, expires, size)))
        if self._users is not None:
            self._users.put(token, checked)

    def _drop_answers(self) -> None:
        self._epoch += 1
        self._cache.clear()
        self._reader.clear()
        self._refused.clear()
        if self._users is not None:
            self._users.clear()


def _without_keys(policy: Policy) -> Policy:
    kept = Policy()
    kept.CopyFrom(policy)
    kept.ClearField("jwks")
    return kept
