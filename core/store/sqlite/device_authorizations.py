"""Devices' requests in SQLite: one row each until an hour after both codes have expired."""

from core.domain.authorization.device_authorization import DeviceAuthorization, DeviceState
from core.store.sqlite.driver import Row
from core.store.sqlite.statements import Statements, WritingStatements, joined, split

#: How long a request is kept after it has expired, in seconds: a device that polls once more is told what became of it.
_KEPT = 3600

_COLUMNS = "id, secret, user_code_tag, client_id, scope, resources, state, created_at, expires_at, subject, decided_at"
_FIND = f"SELECT {_COLUMNS} FROM device_authorizations WHERE id = ?"
_FIND_UNDECIDED = f"""
    SELECT {_COLUMNS} FROM device_authorizations
    WHERE user_code_tag IN (?, ?) AND state = 'pending' AND expires_at > ?
"""
_CREATE = f"""
    INSERT INTO device_authorizations ({_COLUMNS})
    SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
    WHERE EXISTS (SELECT 1 FROM clients WHERE clients.client_id = ?
        AND clients.deleted_at IS NULL AND clients.blocked_at IS NULL)
    ON CONFLICT DO NOTHING RETURNING 1
"""
_DECIDE = f"""
    UPDATE device_authorizations SET state = ?, subject = ?, decided_at = ?
    WHERE id = ? AND state = 'pending' AND expires_at > ?
    RETURNING {_COLUMNS}
"""
_KILL = "UPDATE device_authorizations SET state = 'dead' WHERE id = ? AND state = 'pending' RETURNING 1"
_KILL_OF_CLIENT = "UPDATE device_authorizations SET state = 'dead' WHERE client_id = ? AND state = 'pending'"
_KILL_ALL = "UPDATE device_authorizations SET state = 'dead' WHERE state = 'pending'"
_PURGE = """
    DELETE FROM device_authorizations
    WHERE id IN (SELECT id FROM device_authorizations WHERE expires_at <= ? LIMIT ?)
"""


class DeviceAuthorizationReads(Statements):
    """`core.domain.authorization.device_authorization.DeviceAuthorizationFacts`."""

    def find_device_authorization(self, device_id: bytes) -> DeviceAuthorization | None:
        row = self.row(_FIND, (device_id,))
        return None if row is None else _read(row)

    def find_undecided(self, user_code_tags: tuple[bytes, bytes], *, now: int) -> DeviceAuthorization | None:
        row = self.row(_FIND_UNDECIDED, (*user_code_tags, now))
        return None if row is None else _read(row)


class DeviceAuthorizationWrites(WritingStatements):
    """`core.domain.authorization.device_authorization.DeviceAuthorizationIntents`."""

    def create_device_authorization(self, wanted: DeviceAuthorization) -> bool:
        values = (
            wanted.id,
            wanted.secret,
            wanted.user_code_tag,
            wanted.client_id,
            " ".join(wanted.scope),
            joined(wanted.resources),
            wanted.state.value,
            wanted.created_at,
            wanted.expires_at,
            wanted.subject,
            wanted.decided_at,
        )
        return self.issue(_CREATE, (*values, wanted.client_id)) is not None

    def decide_device_authorization(
        self, device_id: bytes, *, state: DeviceState, subject: str, now: int
    ) -> DeviceAuthorization | None:
        row = self.row(_DECIDE, (state.value, subject, now, device_id, now))
        return None if row is None else _read(row)

    def kill_device_authorization(self, device_id: bytes) -> bool:
        return self.row(_KILL, (device_id,)) is not None

    def kill_device_authorizations_of_client(self, client_id: str) -> int:
        return self.count(_KILL_OF_CLIENT, (client_id,))

    def kill_all_device_authorizations(self) -> int:
        return self.count(_KILL_ALL)

    def purge_device_authorizations(self, *, now: int, limit: int) -> int:
        """Delete up to `limit` that expired an hour ago; how many that were."""
        return self.count(_PURGE, (now - _KEPT, limit))


def _read(row: Row) -> DeviceAuthorization:
    device_id, secret, tag, client_id, scope, resources, state, *rest = row
    return DeviceAuthorization(
        device_id, secret, tag, client_id, tuple(scope.split()), split(resources), DeviceState(state), *rest
    )
