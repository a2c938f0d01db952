"""The database: is it whole, is it ours, and how old is it?"""

from collections.abc import Sequence
from pathlib import Path

from core.doctor.finding import Finding, good, note, problem
from core.store.sqlite.outside import OutsideView

_SUBJECT = "Database"
RESTORE = "restore a backup: tokenhouse restore FILE"


def examine_database(path: Path, view: OutsideView) -> Sequence[Finding]:
    """Reads all of it, as it is at one moment; a problem stands alone.

    Raises:
        StoreUnavailable: it cannot be read.
    """
    if damage := view.find_damage():
        return [problem(_SUBJECT, f"{path} is damaged ({damage}): {RESTORE}")]
    if not view.is_ours():
        return [problem(_SUBJECT, f"{path} is not a Tokenhouse database: name another DataDir, or {RESTORE}")]
    if view.is_of_a_newer_program():
        return [problem(_SUBJECT, f"{path} was written by a newer Tokenhouse: update this one")]
    size = path.stat().st_size / 1e6
    whole = good(_SUBJECT, f"{path} is whole ({size:.1f} MB, revision {view.current_revision()})")
    if view.is_of_an_older_program():
        words = "an older Tokenhouse wrote it, and the next start changes its tables: make a backup first"
        return [whole, note(_SUBJECT, words)]
    return [whole]
