"""What a core tells and answers, as a memory takes it in."""

from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.contract.changes_pb2 import (
    Change,
    ChangeKind,
    ChangeList,
    Policy,
    Snapshot,
    WatchChangesResponse,
)
from tokenhouse_verifier.contract.validation_pb2 import ValidateTokenResponse
from tokenhouse_verifier.freshness import now
from tokenhouse_verifier.memory import Memory, Moment

GRANT, CLIENT, SUBJECT = "a" * 32, "client_1", "b" * 32
POLICY = Policy(issuer="https://auth.example.com", oauth_clients_enabled=True, server_wide_tokens=True)
KINDS = {
    ChangeKind.CHANGE_KIND_GRANT_REVOKED: GRANT,
    ChangeKind.CHANGE_KIND_CLIENT_REVOKED: CLIENT,
    ChangeKind.CHANGE_KIND_SUBJECT_REVOKED: SUBJECT,
    ChangeKind.CHANGE_KIND_SUBJECT_CHANGED: SUBJECT,
    ChangeKind.CHANGE_KIND_ALL_REVOKED: "",
    ChangeKind.CHANGE_KIND_KEY_WITHDRAWN: "kid",
    ChangeKind.CHANGE_KIND_SERVER_WIDE_TOKENS_SWITCHED: "on",
}
#: What the last of them changes, the other way round: a token that was no good is good from then on.
BEFORE = Policy(issuer=POLICY.issuer, oauth_clients_enabled=True)
#: Kinds that end the one token there is, for good and in so many words.
ENDING = (
    ChangeKind.CHANGE_KIND_GRANT_REVOKED,
    ChangeKind.CHANGE_KIND_CLIENT_REVOKED,
    ChangeKind.CHANGE_KIND_SUBJECT_REVOKED,
)


def a_memory() -> Memory:
    """One that has learnt nothing."""
    return Memory(max_entries=100, max_bytes=1 << 20, know_users=False)


def message(revision: int, *changes: Change, policy: Policy | None = None) -> WatchChangesResponse:
    """What happened, up to a revision."""
    told = WatchChangesResponse(revision=revision, sent_at_ms=round(now() * 1000), policy=policy)
    if changes:
        told.changes.CopyFrom(ChangeList(changes=changes))
    return told


def snapshot(revision: int, *changes: Change) -> WatchChangesResponse:
    """What stands at a revision."""
    told = message(revision, policy=POLICY)
    told.snapshot.CopyFrom(Snapshot(begins=True, complete=True, changes=changes))
    return told


def answer(revision: int, **changes: object) -> ValidateTokenResponse:
    """The core's yes."""
    facts = {
        "active": True,
        "subject": SUBJECT,
        "client_id": CLIENT,
        "grant_id": GRANT,
        "expires_at": round(now()) + 1000,
        "revision": revision,
    }
    return ValidateTokenResponse(**{**facts, **changes})  # type: ignore[arg-type]


def looked_up(memory: Memory, digest: bytes = b"1") -> AccessToken | None:
    """What `verify` would find without asking: at once, or after a second look."""
    entry = memory.entries.get(digest)
    if entry is not None and entry.checked >= memory.revision and now() < min(entry.expires, memory.fresh_until):
        return entry.token
    return memory.renew(digest)


def settled(memory: Memory, digest: bytes, coming: ValidateTokenResponse, asked: Moment) -> AccessToken | None:
    """What one answer comes to."""
    [token] = memory.settle(asked, [(digest, coming)])
    return token
