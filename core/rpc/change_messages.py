"""What one watcher of the changes is told next: pure composition, without threads and without a stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from tokenhouse.v1 import changes_pb2 as pb

from core.domain.clock import Clock
from core.domain.policy import PolicySource
from core.domain.tokens.change import Change
from core.domain.tokens.change_log import ChangeLog

#: Changes in one message, of which each takes some 50 bytes.
_PER_MESSAGE = 500


class Keys(Protocol):
    """Where the published keys are read."""

    def jwks(self) -> str:
        """The JWK Set (RFC 7517 §5) as JSON text."""
        ...


@dataclass(frozen=True, slots=True)
class ChangeSources:
    """What messages are made of."""

    log: ChangeLog
    policy: PolicySource
    keys: Keys
    clock: Clock


class Telling:
    """How far one watcher has been told. Used by one thread at a time."""

    def __init__(self, sources: ChangeSources, since: int, mark: bytes) -> None:
        """Goes on after `since` where that is possible, else begins with a snapshot.

        Raises:
            StoreUnavailable: the store cannot tell.
        """
        self._sources = sources
        self._in_snapshot = not sources.log.has(since, mark)
        self._revision = 0 if self._in_snapshot else since
        self._mark = b"" if self._in_snapshot else mark
        self._cursor = 0
        self._policy: pb.Policy | None = None

    @property
    def is_behind(self) -> bool:
        """Whether there is more to tell at once."""
        return self._in_snapshot or self._revision < self._sources.log.revision

    def compose(self) -> pb.WatchChangesResponse:
        """The next message; a heartbeat where nothing has changed.

        Raises:
            StoreUnavailable: what it has to tell cannot be read.
        """
        message = pb.WatchChangesResponse()
        if self._in_snapshot:
            self._add_snapshot(message)
        else:
            self._add_changes(message)
        # After the changes: the policy of a change that switched it is in force before the change can be seen.
        policy = self._read_policy()
        if policy != self._policy:
            message.policy.CopyFrom(policy)
            self._policy = policy
        message.revision, message.mark = self._revision, self._mark
        message.sent_at_ms = self._sources.clock.now_ms()
        return message

    def _add_changes(self, message: pb.WatchChangesResponse) -> None:
        changes = self._sources.log.list_after(self._revision, limit=_PER_MESSAGE)
        if changes is None:
            self._in_snapshot, self._revision, self._mark, self._cursor = True, 0, b"", 0
            self._add_snapshot(message)
        elif changes:
            message.changes.changes.extend(_write(changes))
            self._revision, self._mark = changes[-1].revision, changes[-1].mark

    def _add_snapshot(self, message: pb.WatchChangesResponse) -> None:
        # Read before the rows: what is committed in between is among them, or follows as a change.
        revision = self._sources.log.revision
        changes = self._sources.log.list_kept(since=self._cursor, limit=_PER_MESSAGE)
        part = message.snapshot
        part.begins = self._cursor == 0
        part.changes.extend(_write(changes))
        if changes:
            self._cursor, self._mark = changes[-1].revision, changes[-1].mark
        if len(changes) == _PER_MESSAGE:
            return
        part.complete, self._in_snapshot = True, False
        self._revision = max(revision, self._cursor)
        if self._revision != self._cursor:
            # The newest change is kept no more: there is nothing to know this revision by.
            self._mark = b""

    def _read_policy(self) -> pb.Policy:
        policy = self._sources.policy.current
        return pb.Policy(
            issuer=policy.issuer,
            oauth_clients_enabled=policy.clients_enabled,
            server_wide_tokens=policy.server_wide_tokens,
            jwks=self._sources.keys.jwks(),
        )


def _write(changes: Sequence[Change]) -> list[pb.Change]:
    # The kinds have the same numbers there as here.
    return [
        pb.Change(revision=each.revision, kind=cast("pb.ChangeKind.ValueType", int(each.kind)), target=each.target)
        for each in changes
    ]
