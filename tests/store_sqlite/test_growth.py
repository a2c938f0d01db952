"""The database does not grow however often a client refreshes (README, Grants)."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from core.store.sqlite.database import CHECKPOINT_PAGES
from core.store.sqlite.store import SqliteStore
from core.store.sqlite.transaction import SqliteTransaction
from tests.store_contract.nouns import DAY, NOW, an_active_grant

GRANTS = [an_active_grant(id=number.to_bytes(16)) for number in range(1000)]


def rotate_fifty(transaction: SqliteTransaction, step: int) -> None:
    """Rotate every twentieth grant; twenty steps in a row reach each grant once."""
    for grant in GRANTS[step % 20 :: 20]:
        assert transaction.rotate_refresh_token(
            grant.id,
            generation=grant.generation + step // 20,
            attempt_id=b"attempt",
            now=NOW,
            idle_expires_at=NOW + DAY,
        )


def test_ten_thousand_rotations_leave_the_file_as_large_as_it_was(populated: SqliteStore, folder: Path) -> None:
    """The database keeps its pages, and the log (37 MB of it) is used again instead of growing."""
    populated.write(lambda transaction: [transaction.create_grant(grant) for grant in GRANTS])
    before = populated.row("PRAGMA page_count")
    for step in range(200):
        populated.write(partial(rotate_fifty, step=step))
    assert populated.find_grant(GRANTS[999].id) == replace(
        GRANTS[999], generation=13, rotated_at=NOW, idle_expires_at=NOW + DAY
    )
    assert populated.row("PRAGMA page_count") == before
    assert (folder / "tokenhouse.db-wal").stat().st_size < 2 * CHECKPOINT_PAGES * 4120
