"""Grants in SQLite: one row each. A verb is one conditional statement, so of two racers one finds nothing to change."""

from collections.abc import Sequence
from functools import lru_cache

from core.domain.grants.grant import Grant, GrantState, RevokeReason
from core.store.sqlite.driver import Row
from core.store.sqlite.statements import Statements, WritingStatements, joined, split

_HOUR = 3600
#: How long a grant that ended is kept for operators to see, in seconds.
_KEPT_AFTER_END = 7 * 24 * _HOUR

_STATES = {state.value: state for state in GrantState}

_COLUMNS = (
    "id, secret, client_id, subject, scope, resources, redirect_uri, code_challenge, state, generation, attempt_id, "
    "created_at, code_expires_at, rotated_at, idle_expires_at, expires_at, revoked_at, revoke_reason"
)
_USER_ACTIVE = "EXISTS (SELECT 1 FROM users WHERE users.subject = {} AND users.disabled_at IS NULL)"
_CLIENT_LIVE = (
    "EXISTS (SELECT 1 FROM clients WHERE clients.client_id = {}"
    " AND clients.deleted_at IS NULL AND clients.blocked_at IS NULL)"
)
_BOTH_LIVE = f"{_USER_ACTIVE.format('grants.subject')} AND {_CLIENT_LIVE.format('grants.client_id')}"
_NOT_PAST_EXPIRY = "CASE WHEN expires_at < ? THEN expires_at ELSE ? END"

_FIND = f"SELECT {_COLUMNS} FROM grants WHERE id = ?"
_CREATE = f"""
    INSERT INTO grants ({_COLUMNS}, purge_at)
    SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
    WHERE {_USER_ACTIVE.format("?")} AND {_CLIENT_LIVE.format("?")}
    ON CONFLICT DO NOTHING RETURNING 1
"""
_REDEEM = f"""
    UPDATE grants SET state = 'active', generation = 1, attempt_id = ?, rotated_at = ?,
        idle_expires_at = {_NOT_PAST_EXPIRY}
    WHERE id = ? AND state = 'pending' AND code_expires_at > ? AND expires_at > ? AND {_BOTH_LIVE}
    RETURNING {_COLUMNS}
"""
_ROTATE = f"""
    UPDATE grants SET generation = generation + 1, attempt_id = ?, rotated_at = ?, idle_expires_at = {_NOT_PAST_EXPIRY}
    WHERE id = ? AND state = 'active' AND generation = ? AND idle_expires_at > ? AND expires_at > ? AND {_BOTH_LIVE}
    RETURNING {_COLUMNS}
"""
_KILL = "UPDATE grants SET state = 'dead' WHERE id = ? AND state = 'pending' RETURNING 1"
_KILL_ALL = "UPDATE grants SET state = 'dead' WHERE state = 'pending'"
_REVOKE_ALL = """
    UPDATE grants SET state = 'revoked', revoked_at = ?, revoke_reason = ?, purge_at = ?
    WHERE state IN ('pending', 'active')
"""
_REVOKE_ONE = f"{_REVOKE_ALL} AND id = ? RETURNING {_COLUMNS}"
_REVOKE_OF_SUBJECT = f"{_REVOKE_ALL} AND subject = ?"
_REVOKE_OF_CLIENT = f"{_REVOKE_ALL} AND client_id = ?"
_REVOKE_OF_BOTH = f"{_REVOKE_ALL} AND client_id = ? AND subject = ? RETURNING id"

#: Of a grant that can still be used: the time, three times.
LIVE_AT = "expires_at > ? AND (state = 'active' AND idle_expires_at > ? OR state = 'pending' AND code_expires_at > ?)"

_PURGEABLE_FROM = f"""
    CASE state
    WHEN 'revoked' THEN revoked_at + {_KEPT_AFTER_END}
    WHEN 'active' THEN
        CASE WHEN idle_expires_at < expires_at THEN idle_expires_at ELSE expires_at END + {_KEPT_AFTER_END}
    ELSE purge_at
    END
"""
_DUE = "SELECT id FROM grants WHERE purge_at <= ? ORDER BY purge_at LIMIT ?"
_PURGE = f"DELETE FROM grants WHERE id IN ({_DUE}) AND {_PURGEABLE_FROM} <= ?"
_PURGE_USES = f"""
    DELETE FROM grant_uses
    WHERE grant_id IN (SELECT id FROM grants WHERE id IN ({_DUE}) AND {_PURGEABLE_FROM} <= ?)
"""
_PURGE_VERDICTS = f"""
    DELETE FROM grant_verdicts
    WHERE grant_id IN (SELECT id FROM grants WHERE id IN ({_DUE}) AND {_PURGEABLE_FROM} <= ?)
"""
_LOOK_LATER = f"UPDATE grants SET purge_at = {_PURGEABLE_FROM} WHERE id IN ({_DUE}) AND {_PURGEABLE_FROM} > ?"
_COUNT_SUBJECTS = f"SELECT COUNT(DISTINCT subject) FROM grants WHERE client_id = ? AND ({LIVE_AT})"


class GrantReads(Statements):
    """`core.domain.grants.grant.GrantFacts`."""

    def find_grant(self, grant_id: bytes) -> Grant | None:
        row = self.row(_FIND, (grant_id,))
        return None if row is None else _grant(row)

    def list_grants(
        self,
        *,
        subject: str | None,
        client_id: str | None,
        live_at: int | None,
        limit: int,
        before: tuple[int, bytes] | None,
    ) -> Sequence[Grant]:
        conditions: list[tuple[str, tuple[object, ...]]] = []
        if subject is not None:
            conditions.append(("subject = ?", (subject,)))
        if client_id is not None:
            conditions.append(("client_id = ?", (client_id,)))
        if live_at is not None:
            conditions.append((LIVE_AT, (live_at, live_at, live_at)))
        if before is not None:
            conditions.append(("(created_at, id) < (?, ?)", before))
        where = " AND ".join(f"({condition})" for condition, _ in conditions) or "1 = 1"
        sql = f"SELECT {_COLUMNS} FROM grants WHERE {where} ORDER BY created_at DESC, id DESC LIMIT ?"
        values = [value for _, some in conditions for value in some]
        return [_grant(row) for row in self.rows(sql, (*values, limit))]

    def count_subjects(self, client_id: str, *, live_at: int) -> int:
        row = self.row(_COUNT_SUBJECTS, (client_id, live_at, live_at, live_at))
        return 0 if row is None else int(row[0])


class GrantWrites(WritingStatements):
    """`core.domain.grants.grant.GrantIntents`."""

    def create_grant(self, grant: Grant) -> bool:
        purge_at = max(grant.created_at + _HOUR, grant.code_expires_at)
        return self.issue(_CREATE, (*_columns(grant), purge_at, grant.subject, grant.client_id)) is not None

    def redeem_code(self, grant_id: bytes, *, attempt_id: bytes, now: int, idle_expires_at: int) -> Grant | None:
        row = self.issue(_REDEEM, (attempt_id, now, idle_expires_at, idle_expires_at, grant_id, now, now))
        return None if row is None else _grant(row)

    def rotate_refresh_token(
        self, grant_id: bytes, *, generation: int, attempt_id: bytes, now: int, idle_expires_at: int
    ) -> Grant | None:
        row = self.issue(_ROTATE, (attempt_id, now, idle_expires_at, idle_expires_at, grant_id, generation, now, now))
        return None if row is None else _grant(row)

    def kill_code(self, grant_id: bytes) -> bool:
        return self.row(_KILL, (grant_id,)) is not None

    def revoke_grant(self, grant_id: bytes, *, reason: RevokeReason, now: int) -> Grant | None:
        row = self.row(_REVOKE_ONE, (now, reason.value, now + _KEPT_AFTER_END, grant_id))
        return None if row is None else _grant(row)

    def revoke_grants_of_subject(self, subject: str, *, reason: RevokeReason, now: int) -> int:
        return self.count(_REVOKE_OF_SUBJECT, (now, reason.value, now + _KEPT_AFTER_END, subject))

    def revoke_grants_of_client(self, client_id: str, *, reason: RevokeReason, now: int) -> int:
        return self.count(_REVOKE_OF_CLIENT, (now, reason.value, now + _KEPT_AFTER_END, client_id))

    def revoke_grants_of_client_and_subject(
        self, client_id: str, subject: str, *, reason: RevokeReason, now: int
    ) -> Sequence[bytes]:
        values = (now, reason.value, now + _KEPT_AFTER_END, client_id, subject)
        return [bytes(row[0]) for row in self.rows(_REVOKE_OF_BOTH, values)]

    def revoke_all_grants(self, *, reason: RevokeReason, now: int) -> int:
        return self.count(_REVOKE_ALL, (now, reason.value, now + _KEPT_AFTER_END))

    def kill_all_codes(self) -> int:
        return self.count(_KILL_ALL)

    def purge_grants(self, *, now: int, limit: int) -> tuple[int, int]:
        """Look at `limit` grants that may be purgeable; how many were deleted, and how many are looked at later."""
        self.count(_PURGE_USES, (now, limit, now))
        self.count(_PURGE_VERDICTS, (now, limit, now))
        deleted = self.count(_PURGE, (now, limit, now))
        postponed = self.count(_LOOK_LATER, (now, limit - deleted, now)) if deleted < limit else 0
        return deleted, postponed


def _columns(grant: Grant) -> tuple[object, ...]:
    return (
        grant.id,
        grant.secret,
        grant.client_id,
        grant.subject,
        " ".join(grant.scope),
        joined(grant.resources),
        grant.redirect_uri,
        grant.code_challenge,
        grant.state.value,
        grant.generation,
        grant.attempt_id,
        grant.created_at,
        grant.code_expires_at,
        grant.rotated_at,
        grant.idle_expires_at,
        grant.expires_at,
        grant.revoked_at,
        None if grant.revoke_reason is None else grant.revoke_reason.value,
    )


@lru_cache(maxsize=1024)
def _scope(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _grant(row: Row) -> Grant:
    values = list(row)
    values[4] = _scope(values[4])
    values[5] = split(values[5])
    values[8] = _STATES[values[8]]
    if values[17] is not None:
        values[17] = RevokeReason(values[17])
    return Grant(*values)
