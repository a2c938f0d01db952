"""Clients that nobody wants any more are forgotten, and nobody else (core.domain.clients.forgetting)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from core.domain.clients.client import ClientPage, ForgottenAt
from core.domain.clients.terms import Terms
from core.domain.grants.grant import GrantState
from core.domain.store import Store, Transaction
from tests.store_contract.nouns import DAY, HOUR, NOW, a_client, a_grant, a_user, an_active_grant

LIMITS = ForgottenAt(NOW - 7 * DAY, NOW - 365 * DAY)
EARLY = NOW - 1000 * DAY
ALL = ClientPage("", "client-1")


@dataclass(frozen=True)
class Case:
    """A client, what became of it, and whether it is forgotten."""

    client: dict[str, Any]
    then: Callable[[Transaction], object] | None
    forgotten: bool


def _grant(**fields: Any) -> Callable[[Transaction], object]:
    return lambda tx: tx.create_grant(an_active_grant(created_at=EARLY, **fields))


CASES = {
    "registered long ago": Case({"created_at": NOW - 7 * DAY}, None, True),
    "a second less long ago": Case({"created_at": NOW - 7 * DAY + 1}, None, False),
    "registered again since": Case(
        {"created_at": EARLY}, lambda tx: tx.register_client(a_client(created_at=NOW - 7 * DAY + 1)), False
    ),
    "registered again long ago": Case(
        {"created_at": EARLY}, lambda tx: tx.register_client(a_client(created_at=NOW - 7 * DAY)), True
    ),
    "used long ago": Case({"created_at": EARLY, "last_used_at": NOW - 365 * DAY}, None, True),
    "used less long ago": Case({"created_at": EARLY, "last_used_at": NOW - 365 * DAY + 1}, None, False),
    "used long ago, registered since": Case(
        {"created_at": EARLY, "last_used_at": EARLY},
        lambda tx: tx.register_client(a_client(created_at=NOW - 300 * DAY)),
        False,
    ),
    "with a live grant": Case(
        {"created_at": EARLY, "last_used_at": EARLY}, _grant(idle_expires_at=NOW + 1, expires_at=NOW + 1), False
    ),
    "with a code that is live": Case(
        {"created_at": EARLY},
        lambda tx: tx.create_grant(a_grant(created_at=EARLY, code_expires_at=NOW + 1, expires_at=NOW + 1)),
        False,
    ),
    "with a code that is not": Case(
        {"created_at": EARLY},
        lambda tx: tx.create_grant(a_grant(created_at=EARLY, code_expires_at=NOW)),
        True,
    ),
    "with a grant that idled": Case(
        {"created_at": EARLY, "last_used_at": EARLY}, _grant(idle_expires_at=NOW, expires_at=NOW + DAY), True
    ),
    "with a grant that is too old": Case(
        {"created_at": EARLY, "last_used_at": EARLY}, _grant(idle_expires_at=NOW + DAY, expires_at=NOW), True
    ),
    "with a grant that was revoked": Case(
        {"created_at": EARLY, "last_used_at": EARLY},
        _grant(state=GrantState.REVOKED, revoked_at=NOW - HOUR, idle_expires_at=NOW + DAY, expires_at=NOW + DAY),
        True,
    ),
    "blocked": Case({"created_at": EARLY}, lambda tx: tx.block_client("client-1", now=EARLY), False),
    "an operator's": Case({"created_at": EARLY, "terms": Terms(preregistered=True)}, None, False),
}


def is_there(store: Store) -> bool:
    """Whether client-1 is known, blocked or not."""
    return store.find_client("client-1") is not None


@pytest.mark.parametrize("name", CASES)
def test_who_is_forgotten(store: Store, name: str) -> None:
    """To the second; a live grant, a block and an operator's word keep a client, decided where it is deleted."""
    case = CASES[name]
    assert store.write(lambda tx: tx.create_user(a_user()))
    assert store.write(lambda tx: tx.preregister_client(a_client(**case.client)))
    if case.then is not None:
        assert store.write(case.then)
    forgotten = store.write(lambda tx: tx.forget_clients(ALL, now=NOW, limits=LIMITS))
    assert (forgotten, is_there(store)) == ((1, False) if case.forgotten else (0, True))


def test_never_keeps_them(store: Store) -> None:
    """Each of the two lifetimes may be endless."""
    for number, used in enumerate((None, EARLY)):
        client = a_client(client_id=f"client-{number}", created_at=EARLY, last_used_at=used)
        store.write(lambda tx, client=client: tx.register_client(client))  # type: ignore[misc]
    page = ClientPage("", "client-1")
    assert store.write(lambda tx: tx.forget_clients(page, now=NOW, limits=ForgottenAt(None, None))) == 0
    assert store.write(lambda tx: tx.forget_clients(page, now=NOW, limits=ForgottenAt(None, NOW))) == 1
    assert store.find_client("client-0") is not None
    assert store.write(lambda tx: tx.forget_clients(page, now=NOW, limits=ForgottenAt(NOW, None))) == 1


def test_a_deleted_client_keeps_its_tombstone_and_one_that_is_forgotten_has_none(store: Store) -> None:
    """What an operator deleted is not touched; whoever was forgotten registers as if it had never been there."""
    store.write(lambda tx: tx.register_client(a_client(created_at=EARLY)))
    store.write(lambda tx: tx.delete_client("client-1", now=EARLY))
    assert store.write(lambda tx: tx.forget_clients(ALL, now=NOW, limits=LIMITS)) == 0
    again = a_client(client_name="Newer", created_at=EARLY + 1)
    assert store.write(lambda tx: tx.register_client(again)) == again
    assert store.write(lambda tx: tx.forget_clients(ALL, now=NOW, limits=LIMITS)) == 1
    fresh = a_client(created_at=NOW)
    assert store.write(lambda tx: tx.register_client(fresh)) == fresh


def test_pages_go_round_all_clients(store: Store) -> None:
    """A page is so many clients in the order of their ids, whatever their state; after the last there is none."""
    for number in range(5):
        store.write(lambda tx, number=number: tx.register_client(a_client(client_id=f"c{number}")))  # type: ignore[misc]
    pages, after = [], ""
    while (page := store.find_client_page(limit=2, after=after)) is not None:
        pages.append(page)
        after = page.last
    assert pages == [ClientPage("", "c1"), ClientPage("c1", "c3"), ClientPage("c3", "c4")]


def test_users_of_a_client(populated: Store) -> None:
    """Users with a live grant, each once."""
    for number in range(3):
        grant = an_active_grant(id=bytes([number]) * 16, created_at=NOW + number)
        assert populated.write(lambda tx, grant=grant: tx.create_grant(grant))  # type: ignore[misc]
    assert populated.count_subjects("client-1", live_at=NOW) == 1
    assert populated.count_subjects("client-1", live_at=NOW + 1000 * DAY) == 0
    assert populated.count_subjects("client-2", live_at=NOW) == 0
