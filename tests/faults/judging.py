"""What stands in a database's folder after a restore that something came across."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from core.domain.grants.grant import GrantState
from core.domain.store import Facts
from core.domain.tokens.change import ChangeKind
from core.store.refusal import StoreRefused
from core.store.sqlite.store import open_store
from tests.faults.promises import Promise, broken_promises

_EVERYTHING = 1_000_000


def judge_restore(folder: Path, promises: Iterable[Promise]) -> str:
    """`before`, with every promise kept, or `restored`, with everything ended; else what is wrong."""
    try:
        store = open_store(folder, on_commit=lambda changes: None)
    except StoreRefused as refusal:
        return f"refused: {refusal}"
    with closing(store):
        restored = any(change.kind is ChangeKind.ALL_REVOKED for change in store.list_changes(since=0, now=0))
        if restored:
            return "restored" if _is_all_ended(store) else "half restored"
    return "\n".join(broken_promises(folder, promises)) or "before"


def _is_all_ended(store: Facts) -> bool:
    grants = store.list_grants(subject=None, client_id=None, live_at=None, limit=_EVERYTHING, before=None)
    return len(grants) > 0 and all(grant.state is not GrantState.ACTIVE for grant in grants)
