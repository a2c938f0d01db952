"""A record of the audit trail stands or falls with the transaction that writes it, and is told after the commit."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from core.domain.audit.act import Act, ActorKind, Result
from core.domain.audit.origin import Actor
from core.domain.audit.record import AuditQuery, AuditRecord
from core.domain.store import Store, Transaction
from core.store.sqlite.store import SqliteStore, open_store
from tests.store_contract.nouns import NOW, a_client, a_user

A_RECORD = AuditRecord(
    at=NOW,
    act=Act.CONSENT,
    result=Result.DENIED,
    reason="because",
    actor=Actor(ActorKind.USER, "subject-1", "Zoë"),
    subject="subject-2",
    client_id="client-1",
    target="0a0b",
    network="2001:db8::/64",
    correlation_id="0123456789ab",
    count=7,
)


@pytest.fixture
def told() -> list[AuditRecord]:
    """What was told after commits."""
    return []


@pytest.fixture
def store(tmp_path: Path, told: list[AuditRecord]) -> Iterator[SqliteStore]:
    """An empty store that tells."""
    with closing(open_store(tmp_path / "database", on_commit=lambda changes: None, on_record=told.extend)) as opened:
        yield opened


def _all(store: Store) -> Sequence[AuditRecord]:
    return store.list_audit_records(AuditQuery(), limit=100, after=0, before=None)


def _recording(record: AuditRecord, *, fails: bool) -> Callable[[Transaction], None]:
    def intent(transaction: Transaction) -> None:
        transaction.record_act(record)
        if fails:
            raise RuntimeError("the transaction is not to be")

    return intent


def test_every_field_comes_back(store: SqliteStore, told: list[AuditRecord]) -> None:
    """With the number that the store gave it; it was told as it was written."""
    store.write(lambda transaction: transaction.record_act(A_RECORD))
    [found] = _all(store)
    assert found.number == 1
    assert (found.at, found.act, found.result, found.reason, found.actor) == (
        NOW,
        Act.CONSENT,
        Result.DENIED,
        "because",
        A_RECORD.actor,
    )
    assert (found.subject, found.client_id, found.target) == ("subject-2", "client-1", "0a0b")
    assert (found.network, found.correlation_id, found.count) == ("2001:db8::/64", "0123456789ab", 7)
    assert told == [A_RECORD]


def test_what_is_undone_leaves_no_record(store: SqliteStore, told: list[AuditRecord]) -> None:
    """Neither in the database nor in the stream, and its neighbours in the same commit keep theirs."""
    intents = [_recording(A_RECORD, fails=number % 3 == 1) for number in range(7)]
    outcomes = store.submit(intents).result()
    assert [failure is None for _, failure in outcomes] == [number % 3 != 1 for number in range(7)]
    assert len(_all(store)) == len(told) == 5


def test_what_was_refused_because_it_is_there_already_leaves_none(store: SqliteStore) -> None:
    """A user is created once; the second is no success."""

    def create(transaction: Transaction) -> bool:
        created = transaction.create_user(a_user())
        if created:
            transaction.record_act(A_RECORD)
        return created

    assert [store.write(create), store.write(create)] == [True, False]
    assert len(_all(store)) == 1


def test_words_of_a_newer_program_are_read_as_unknown(store: SqliteStore) -> None:
    """An update can be taken back: what it has written down meanwhile must not keep anybody from reading."""
    store.write(lambda transaction: transaction.record_act(A_RECORD))
    store.write(
        lambda transaction: transaction.count(
            "UPDATE audit_records SET act = 'flown', result = 'perhaps', actor_kind = 'bird'"
        )
    )
    [found] = _all(store)
    assert (found.act, found.result, found.actor.kind) == (Act.UNKNOWN, Result.UNKNOWN, ActorKind.UNKNOWN)


def test_whom_records_name_is_called_as_now_while_there(store: SqliteStore) -> None:
    """Names are looked up for many records at once and kept with none of them; who is gone has none."""
    user, client = a_user(), a_client()
    store.write(lambda tx: tx.create_user(user))
    store.write(lambda tx: tx.register_client(client))

    names = store.list_audit_names([user.subject, "gone"], [client.client_id, "gone"])
    assert names.users == {user.subject: user.username}
    assert names.clients == {client.client_id: (client.client_name, client.redirect_uris[0])}
    store.write(lambda tx: tx.delete_user(user.subject))
    store.write(lambda tx: tx.delete_client(client.client_id, now=NOW))
    gone = store.list_audit_names([user.subject], [client.client_id])
    assert (gone.users, gone.clients) == ({}, {})
    assert store.list_audit_names([], []).users == {}
