"""The sequence of changes: gapless, in commit order, and announced before anybody is answered."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from core.domain.store import Store, Transaction
from core.domain.tokens.change import Change, ChangeKind
from tests.store_contract.conftest import Announced
from tests.store_contract.nouns import NOW


def record(transaction: Transaction, target: str = "x", keep_until: int = NOW + 1) -> int:
    """Record a change."""
    return transaction.record_change(ChangeKind.SUBJECT_REVOKED, target, now=NOW, keep_until=keep_until)


def test_the_sequence_has_no_gaps_though_intents_raise(store: Store, announced: Announced) -> None:
    """A number taken by an intent that then failed is taken back; what was announced is what is stored, in order."""

    def work(number: int) -> int | None:
        def intent(transaction: Transaction) -> int:
            revision = record(transaction, str(number))
            if number % 3 == 0:
                raise ValueError(number)
            return revision

        try:
            return store.write(intent)
        except ValueError:
            return None

    with ThreadPoolExecutor(16) as threads:
        revisions = list(threads.map(work, range(120)))
    stored = store.list_changes(since=0, now=NOW)
    assert [change.revision for change in stored] == list(range(1, 81))
    assert {change.target: change.revision for change in stored} == {
        str(number): revision for number, revision in enumerate(revisions) if revision is not None
    }
    assert announced.changes == stored
    assert store.current_revision() == 80


def test_a_transaction_sees_its_own_revision(store: Store) -> None:
    """What is issued in the transaction that revokes carries the new revision."""

    def intent(transaction: Transaction) -> tuple[int, int, int, int]:
        return transaction.revision(), record(transaction), transaction.revision(), transaction.current_revision()

    assert store.write(intent) == (0, 1, 1, 1)
    assert store.write(intent) == (1, 2, 2, 2)


def test_changes_are_listed_after_a_revision_and_while_kept(store: Store) -> None:
    """A caller that knows revision n gets what came after it and still matters."""
    times = (NOW + 5, NOW, NOW + 1, NOW + 5)
    store.write(lambda transaction: [record(transaction, keep_until=keep_until) for keep_until in times])
    assert [change.revision for change in store.list_changes(since=0, now=NOW)] == [1, 3, 4]
    assert [change.revision for change in store.list_changes(since=1, now=NOW)] == [3, 4]
    assert [change.revision for change in store.list_changes(since=0, now=NOW + 1)] == [1, 4]
    assert store.list_changes(since=4, now=NOW) == []
    assert [change.revision for change in store.list_changes(since=0, now=NOW, limit=2)] == [1, 3]
    assert [change.revision for change in store.list_changes(since=1, now=NOW, limit=9)] == [3, 4]


def test_nothing_is_announced_where_nothing_was_recorded(store: Store, announced: Announced) -> None:
    """A commit without changes, or with only a failed intent's, announces nothing."""
    calls: list[int] = []
    announced.listener = lambda changes: calls.append(len(changes))
    store.note_time(NOW)
    store.write(record)
    assert calls == [1]


@pytest.mark.parametrize(("beyond", "revision"), [(1_000_000, 1_000_001), (3, 4), (2, 4), (0, 4)])
def test_a_restore_leaps(store: Store, announced: Announced, beyond: int, revision: int) -> None:
    """Its number lies above what tokens and validators have seen, and never below what is there; the next one follows
    without a gap, and an intent that fails takes the leap back."""

    def restore(transaction: Transaction) -> int:
        return transaction.record_restore(beyond=beyond, now=NOW, keep_until=NOW + 1)

    def fail(transaction: Transaction) -> None:
        restore(transaction)
        raise ValueError

    store.write(lambda transaction: [record(transaction) for _ in range(3)])
    with pytest.raises(ValueError):
        store.write(fail)
    assert store.write(lambda transaction: (restore(transaction), transaction.revision())) == (revision, revision)
    assert store.write(record) == revision + 1
    assert announced.changes[3] == Change(revision, ChangeKind.ALL_REVOKED, "", NOW, NOW + 1)
    assert [change.revision for change in store.list_changes(since=0, now=NOW)] == [1, 2, 3, revision, revision + 1]
    assert store.current_revision() == revision + 1
