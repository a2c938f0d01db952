"""What came of a grant's refreshes, in SQLite: a row for each verdict, that goes with the grant."""

from collections.abc import Sequence

from core.domain.administration.verdicts import VerdictCount
from core.store.sqlite.statements import Statements, WritingStatements

_LIST = "SELECT verdict, count, last_at FROM grant_verdicts WHERE grant_id = ? ORDER BY last_at DESC, verdict"
_ADD = """
    INSERT INTO grant_verdicts (grant_id, verdict, count, last_at)
    SELECT ?, ?, ?, ?
    WHERE EXISTS (SELECT 1 FROM grants WHERE grants.id = ?)
    ON CONFLICT (grant_id, verdict) DO UPDATE
    SET count = grant_verdicts.count + excluded.count, last_at = excluded.last_at
"""


class GrantVerdictReads(Statements):
    """`core.domain.administration.verdicts.VerdictFacts`."""

    def list_verdicts(self, grant_id: bytes) -> Sequence[VerdictCount]:
        return [VerdictCount(*row) for row in self.rows(_LIST, (grant_id,))]


class GrantVerdictWrites(WritingStatements):
    """`core.domain.administration.verdicts.VerdictIntents`."""

    def add_verdicts_on_grant(self, grant_id: bytes, more: VerdictCount) -> None:
        self.count(_ADD, (grant_id, more.verdict, more.count, more.last_at, grant_id))
