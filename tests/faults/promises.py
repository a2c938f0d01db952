"""What the core acknowledged, and whether a store still knows it."""

import base64
import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.domain.grants.grant import Grant, GrantState
from core.domain.tokens.change import Change, ChangeKind
from core.domain.users.user import username_key
from core.store.refusal import StoreRefused
from core.store.sqlite.store import SqliteStore, open_store

_EVERYTHING = 1_000_000


class PromiseKind(StrEnum):
    """What was acknowledged; the target is named behind each."""

    USER = "user is there"  # username
    CLIENT = "client is there"  # client_id
    GRANT = "grant is there, at this generation or a later one"  # grant id
    REVOKED = "grant is revoked, and validators learn it"  # grant id
    DISABLED = "user is disabled, and validators learn it"  # username
    BLOCKED = "client is blocked, and validators learn it"  # client_id
    KEY = "signing key is there"  # kid


@dataclass(frozen=True, slots=True)
class Promise:
    """One acknowledgement; `value` is a generation where the kind has one."""

    kind: PromiseKind
    target: str
    value: int = 0


class Promises:
    """Acknowledgements in the order in which they arrived, each with how far the disk's record was by then."""

    def __init__(self) -> None:
        self._made: list[tuple[int, Promise]] = []

    def __len__(self) -> int:
        return len(self._made)

    def add(self, sequence: int, promise: Promise) -> None:
        """Whatever the disk holds after its change number `sequence` has to keep this."""
        self._made.append((sequence, promise))

    def made_by(self, sequence: int) -> Sequence[Promise]:
        """What had been acknowledged when the disk saw its change number `sequence`."""
        self._made.sort(key=lambda made: made[0])
        count = bisect_right(self._made, sequence, key=lambda made: made[0])
        return [promise for _, promise in self._made[:count]]


def signing_key_of(access_token: str) -> Promise:
    """A token that was given out needs its key (RFC 7515 §4.1.4)."""
    encoded = access_token.partition(".")[0]
    header = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    return Promise(PromiseKind.KEY, header["kid"])


def broken_promises(folder: Path, promises: Iterable[Promise]) -> list[str]:
    """Open what is in `folder` with the real store; what it has lost, or why it does not open."""
    try:
        store = open_store(folder, on_commit=lambda changes: None)
    except StoreRefused as refusal:
        return [f"refused: {refusal}"]
    try:
        return _Keeper(store).broken(promises)
    finally:
        store.close()


class _Keeper:
    """What a store knows, read once."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        listed = store.list_grants(subject=None, client_id=None, live_at=None, limit=_EVERYTHING, before=None)
        self._grants: dict[str, Grant] = {grant.id.hex(): grant for grant in listed}
        self._changes: Sequence[Change] = store.list_changes(since=0, now=0)
        self._learned = {(change.kind, change.target) for change in self._changes}
        self._keys = {key.key_id for key in store.list_signing_keys(now=0)}

    def broken(self, promises: Iterable[Promise]) -> list[str]:
        """One line for each promise that is not kept, and for each thing that does not fit together."""
        return self._misfits() + [f"lost: {promise}" for promise in set(promises) if not self._keeps(promise)]

    def _misfits(self) -> list[str]:
        found = []
        findings = self._store.rows("PRAGMA integrity_check")
        if findings != [("ok",)]:
            found.append(f"damaged: {findings}")
        revisions = [change.revision for change in self._changes]
        if revisions != list(range(1, self._store.current_revision() + 1)):
            found.append(f"gap: {revisions} but {self._store.current_revision()}")
        ended = {grant_id for grant_id, grant in self._grants.items() if grant.state is GrantState.REVOKED}
        told = {target for kind, target in self._learned if kind is ChangeKind.GRANT_REVOKED}
        if not told <= ended:
            found.append(f"half done: validators are told of {told - ended}, which are not revoked")
        return found

    def _keeps(self, promise: Promise) -> bool:
        match promise.kind:
            case PromiseKind.USER:
                return self._store.find_user_by_name(username_key(promise.target)) is not None
            case PromiseKind.CLIENT:
                return self._store.find_client(promise.target) is not None
            case PromiseKind.GRANT:
                grant = self._grants.get(promise.target)
                return grant is not None and grant.generation >= promise.value
            case PromiseKind.REVOKED:
                return self._is_revoked(promise.target)
            case PromiseKind.DISABLED:
                return self._is_disabled(promise.target)
            case PromiseKind.BLOCKED:
                client = self._store.find_client(promise.target)
                learned = (ChangeKind.CLIENT_REVOKED, promise.target) in self._learned
                return client is not None and client.blocked and learned
            case PromiseKind.KEY:
                return promise.target in self._keys

    def _is_revoked(self, grant_id: str) -> bool:
        """By itself, or with its user or its client."""
        grant = self._grants.get(grant_id)
        if grant is None or grant.state is not GrantState.REVOKED:
            return False
        causes = {
            (ChangeKind.GRANT_REVOKED, grant_id),
            (ChangeKind.SUBJECT_REVOKED, grant.subject),
            (ChangeKind.CLIENT_REVOKED, grant.client_id),
        }
        return bool(causes & self._learned)

    def _is_disabled(self, username: str) -> bool:
        user = self._store.find_user_by_name(username_key(username))
        if user is None or user.active:
            return False
        return (ChangeKind.SUBJECT_REVOKED, user.subject) in self._learned
