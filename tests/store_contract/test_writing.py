"""Writing: many intents in one commit, each on its own; nobody is answered before the commit."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from core.domain.errors import StoreUnavailable
from core.domain.store import Store, Transaction
from core.domain.tokens.change import Change, ChangeKind
from tests.patience import PATIENCE
from tests.store_contract.conftest import Announced
from tests.store_contract.nouns import NOW, a_grant, a_session, a_user
from tests.store_contract.writers import one_group, outcome, submit


def record(transaction: Transaction, target: str) -> int:
    """Record a change."""
    return transaction.record_change(ChangeKind.GRANT_REVOKED, target, now=NOW, keep_until=NOW + 1)


def create_then_raise(transaction: Transaction) -> None:
    """Write something, then fail."""
    assert transaction.create_user(a_user(subject="raising", username_key="raising"))
    raise ValueError("the intent's own")


def test_a_value_and_an_exception_come_out_of_write(store: Store) -> None:
    """What the intent returns is returned, what it raises is raised, the very object."""
    assert store.write(lambda transaction: "value") == "value"
    with pytest.raises(ValueError, match="the intent's own"):
        store.write(create_then_raise)


def test_an_exception_rolls_back_its_own_writes_alone(store: Store) -> None:
    """Neighbours in the same commit do not notice."""
    with one_group(store):
        futures: list[Future[object]] = [
            submit(store, lambda transaction: transaction.create_user(a_user(subject="a", username_key="a"))),
            submit(store, create_then_raise),
            submit(store, lambda transaction: transaction.create_user(a_user(subject="b", username_key="b"))),
        ]
    first, second, third = (outcome(future) for future in futures)
    assert (first, third) == (True, True)
    assert isinstance(second, ValueError)
    assert [user.subject for user in store.list_users(limit=9, after_key="")] == ["a", "b"]


def test_many_of_one_caller_come_back_in_order(store: Store) -> None:
    """Values and exceptions stand where their intents stood; what one of them wrote and took back is gone."""
    value, failure, other = store.write_all(
        [lambda transaction: transaction.create_user(a_user()), create_then_raise, lambda transaction: True]
    )
    assert (value, other) == (True, True)
    assert isinstance(failure, ValueError)
    assert [user.subject for user in store.list_users(limit=9, after_key="")] == ["subject-1"]
    assert store.write_all([]) == []


def test_members_see_what_those_before_them_wrote(store: Store) -> None:
    """Within one commit, intents run one after the other in the order they came."""
    with one_group(store):
        created = submit(store, lambda transaction: transaction.create_user(a_user()))
        seen = submit(store, lambda transaction: transaction.find_user("subject-1"))
    assert created.result(10)
    assert seen.result(10) == a_user()


def test_nobody_is_answered_before_the_commit_is_announced(store: Store, announced: Announced) -> None:
    """When changes are announced the rows are readable by others, and neither a yes nor a refusal has left yet."""
    futures: list[Future[object]] = []
    answered: list[list[bool]] = []
    readable: list[bool] = []

    def listener(changes: object) -> None:
        answered.append([future.done() for future in futures])
        reading = threading.Thread(target=lambda: readable.append(store.find_user("subject-1") is not None))
        reading.start()
        reading.join(PATIENCE)

    announced.listener = listener
    with one_group(store):
        futures.append(submit(store, lambda transaction: transaction.create_user(a_user())))
        futures.append(submit(store, create_then_raise))
        futures.append(submit(store, lambda transaction: record(transaction, "x")))
    for future in futures:
        outcome(future)
    assert answered == [[False, False, False]]
    assert readable == [True]
    assert [change.target for change in announced.changes] == ["x"]


def test_the_changes_of_survivors_are_announced_in_order(store: Store, announced: Announced) -> None:
    """One announcement for one commit, without those of an intent that failed."""

    def failing(transaction: Transaction) -> None:
        record(transaction, "lost")
        raise ValueError

    announcements: list[tuple[Change, ...]] = []
    announced.listener = lambda changes: announcements.append(tuple(changes))
    with one_group(store):
        first = submit(store, lambda transaction: [record(transaction, "a"), record(transaction, "b")])
        lost = submit(store, failing)
        second = submit(store, lambda transaction: record(transaction, "c"))
    assert (first.result(10), second.result(10)) == ([1, 2], 3)
    assert isinstance(outcome(lost), ValueError)
    assert [[(change.revision, change.target) for change in some] for some in announcements] == [
        [(1, "a"), (2, "b"), (3, "c")]
    ]


def test_a_cancelled_transaction_never_runs(store: Store) -> None:
    """A caller that went away before its turn changes nothing and hurts nobody."""
    with one_group(store):
        gone = store.submit([lambda transaction: transaction.create_user(a_user(subject="gone"))])
        stays = submit(store, lambda transaction: transaction.create_user(a_user(subject="stays")))
        assert gone.cancel()
    assert stays.result(10)
    assert store.find_user("gone") is None


@pytest.mark.parametrize("within", [0.0, -1.0, 0.01])
def test_what_has_not_begun_in_time_never_does(store: Store, within: float) -> None:
    """Whoever waits no longer is told so, each intent, and does not find out later that it happened after all."""
    with one_group(store):
        outcomes = store.write_all([lambda transaction: transaction.create_user(a_user())] * 2, within=within)
    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 2
    assert store.write(lambda transaction: transaction.find_user("subject-1")) is None


def test_what_has_begun_is_waited_for(store: Store) -> None:
    """There is an answer, and it is given, however late."""
    begun = threading.Event()

    def slow(transaction: Transaction) -> str:
        begun.set()
        time.sleep(0.4)
        return "done"

    while not begun.is_set():
        # On a machine that has other work the writer may not get to it in time; then it is the other case.
        outcomes = store.write_all([slow], within=0.2)
    assert outcomes == ["done"]
    assert store.write_all([lambda transaction: "quick"], within=30) == ["quick"]


def test_the_writer_survives_what_an_intent_throws(store: Store) -> None:
    """Even an exit asked for inside an intent comes out of its future, and the next write works."""

    def leave(transaction: Transaction) -> None:
        raise SystemExit(3)

    assert isinstance(outcome(submit(store, leave)), SystemExit)
    assert store.write(lambda transaction: transaction.create_user(a_user()))


def test_a_statement_that_breaks_a_rule_of_the_schema_is_unavailable(populated: Store) -> None:
    """A driver's exception never leaves as itself; the neighbours in its commit stay."""
    populated.write(lambda transaction: transaction.create_session(a_session()))
    with one_group(populated):
        before = submit(populated, lambda transaction: transaction.create_grant(a_grant()))
        broken = submit(populated, lambda transaction: transaction.create_session(a_session()))
        after = submit(populated, lambda transaction: transaction.kill_code(a_grant().id))
    refused = outcome(broken)
    assert isinstance(refused, StoreUnavailable)
    assert refused.__cause__ is None
    assert before.result(10)
    assert after.result(10)


def test_a_transaction_cannot_be_used_after_its_end(store: Store) -> None:
    """Whoever keeps it writes nothing past the writer."""
    kept: list[Transaction] = []
    store.write(kept.append)
    with pytest.raises(StoreUnavailable):
        kept[0].create_user(a_user())
    assert store.find_user("subject-1") is None


def test_what_waits_is_committed_at_the_close(store: Store) -> None:
    """Closing takes nothing more and finishes what it took."""
    with one_group(store):
        waiting = submit(store, lambda transaction: transaction.create_user(a_user()))
        closing = threading.Thread(target=store.close)
        closing.start()
    closing.join(PATIENCE)
    assert waiting.result(10)


def test_every_call_after_the_close_is_unavailable(store: Store) -> None:
    """Reads and writes alike, from threads that read before and from new ones; closing twice is no error."""
    store.find_user("subject-1")
    store.close()
    store.close()
    calls: list[Callable[[], object]] = [
        lambda: store.find_user("subject-1"),
        lambda: store.list_changes(since=0, now=NOW),
        lambda: store.write(lambda transaction: None),
        lambda: submit(store, lambda transaction: None).result(10),
        lambda: store.purge(now=NOW, limit=1),
        store.persisted_time,
        lambda: store.note_time(NOW),
    ]
    unavailable: list[bool] = []

    def call_all() -> None:
        for call in calls:
            try:
                call()
            except StoreUnavailable:
                unavailable.append(True)

    call_all()
    elsewhere = threading.Thread(target=call_all)
    elsewhere.start()
    elsewhere.join(PATIENCE)
    assert len(unavailable) == 2 * len(calls)


def test_the_time_is_noted_forwards_only(store: Store) -> None:
    """A clock that stands behind moves nothing back (README, Grants)."""
    assert store.persisted_time() == 0
    for now in (NOW, NOW - 1, NOW + 1, 5):
        store.note_time(now)
    assert store.persisted_time() == NOW + 1
