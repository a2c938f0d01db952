"""How many rows there are, counted in SQLite when an operator asks."""

from core.domain.administration.overview import Inventory
from core.store.sqlite.grants import LIVE_AT
from core.store.sqlite.statements import Statements

_COUNT = f"""
    SELECT
        (SELECT COUNT(*) FROM clients WHERE deleted_at IS NULL),
        (SELECT COUNT(*) FROM clients WHERE deleted_at IS NULL AND blocked_at IS NOT NULL),
        (SELECT COUNT(*) FROM users),
        (SELECT COUNT(*) FROM users WHERE disabled_at IS NOT NULL),
        (SELECT COUNT(*) FROM grants WHERE {LIVE_AT}),
        (SELECT COUNT(*) FROM sessions WHERE expires_at > ?)
"""


class InventoryReads(Statements):
    """`core.domain.administration.overview.InventoryFacts`."""

    def count_rows(self, *, live_at: int) -> Inventory:
        row = self.row(_COUNT, (live_at,) * 4)
        assert row is not None  # a SELECT of counts has one row, whatever there is
        return Inventory(*row)
