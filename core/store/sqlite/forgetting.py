"""Clients that nobody wants any more, in SQLite: who goes is decided where they are deleted."""

from core.domain.clients.client import ClientPage, ForgottenAt
from core.store.sqlite.grants import LIVE_AT
from core.store.sqlite.statements import Statements, WritingStatements

_LAST_OF_PAGE = """
    SELECT MAX(client_id) FROM (SELECT client_id FROM clients WHERE client_id > ? ORDER BY client_id LIMIT ?)
"""
# Terms are what an operator agreed on. A registration renewed after the last use counts as a use.
_FORGET = f"""
    DELETE FROM clients
    WHERE client_id > ? AND client_id <= ?
        AND terms IS NULL AND blocked_at IS NULL AND deleted_at IS NULL
        AND COALESCE(registered_at, created_at) <= CASE WHEN last_used_at IS NULL THEN ? ELSE ? END
        AND (last_used_at IS NULL OR last_used_at <= ?)
        AND NOT EXISTS (SELECT 1 FROM grants WHERE grants.client_id = clients.client_id AND {LIVE_AT})
"""
#: Before every time there is.
_NEVER = -1


class ForgettingReads(Statements):
    """The reading part."""

    def find_client_page(self, *, limit: int, after: str) -> ClientPage | None:
        row = self.row(_LAST_OF_PAGE, (after, limit))
        return None if row is None or row[0] is None else ClientPage(after, row[0])


class ForgettingWrites(WritingStatements):
    """The writing part."""

    def forget_clients(self, page: ClientPage, *, now: int, limits: ForgottenAt) -> int:
        registered = _NEVER if limits.registered is None else limits.registered
        used = _NEVER if limits.used is None else limits.used
        return self.count(_FORGET, (page.after, page.last, registered, used, used, now, now, now))
