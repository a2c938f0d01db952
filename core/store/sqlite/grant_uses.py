"""Which services used a grant, in SQLite: a row for each, that goes with the grant."""

from collections.abc import Sequence

from core.domain.administration.uses import GrantUse
from core.store.sqlite.statements import Statements, WritingStatements

_LIST = "SELECT service, last_used_at FROM grant_uses WHERE grant_id = ? ORDER BY last_used_at DESC, service"
_NOTE = """
    INSERT INTO grant_uses (grant_id, service, last_used_at)
    SELECT ?, ?, ?
    WHERE EXISTS (SELECT 1 FROM grants WHERE grants.id = ?)
        AND (SELECT COUNT(*) FROM grant_uses WHERE grant_id = ? AND service <> ?) < ?
    ON CONFLICT (grant_id, service) DO UPDATE SET last_used_at = excluded.last_used_at
    WHERE grant_uses.last_used_at < excluded.last_used_at
"""


class GrantUseReads(Statements):
    """`core.domain.administration.uses.GrantUseFacts`."""

    def list_uses(self, grant_id: bytes) -> Sequence[GrantUse]:
        return [GrantUse(*row) for row in self.rows(_LIST, (grant_id,))]


class GrantUseWrites(WritingStatements):
    """`core.domain.administration.uses.GrantUseIntents`."""

    def note_use_of_grant(self, grant_id: bytes, use: GrantUse, *, most: int) -> None:
        service = use.service
        self.count(_NOTE, (grant_id, service, use.last_used_at, grant_id, grant_id, service, most))
