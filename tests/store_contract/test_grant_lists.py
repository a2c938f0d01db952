"""Grants are listed newest first, page by page, for a user, a client or all."""

from itertools import product

import pytest

from core.domain.grants.grant import Grant, GrantState
from core.domain.store import Store
from tests.store_contract.nouns import DAY, NOW, a_client, a_grant, a_user


@pytest.fixture
def grants(store: Store) -> list[Grant]:
    """Twelve grants of two users and two clients, three made at the same second; newest first."""
    users = [a_user(subject=name, username_key=name) for name in "ab"]
    store.write(lambda transaction: [transaction.create_user(user) for user in users])
    store.write(lambda transaction: [transaction.register_client(a_client(client_id=name)) for name in "ab"])
    made = [
        a_grant(id=(number * 7 % 12).to_bytes(16), subject=subject, client_id=client_id, created_at=NOW + second)
        for number, (second, subject, client_id) in enumerate(product(range(3), "ab", "ab"))
    ]
    store.write(lambda transaction: [transaction.create_grant(grant) for grant in made])
    return sorted(made, key=lambda grant: (grant.created_at, grant.id), reverse=True)


@pytest.mark.parametrize(("subject", "client_id"), [(None, None), ("a", None), (None, "b"), ("a", "b"), ("c", None)])
@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_pages_follow_one_another_without_gap_or_overlap(
    store: Store, grants: list[Grant], subject: str | None, client_id: str | None, size: int
) -> None:
    """The pages together are all that was asked for, newest first, whatever their size and whoever shares a second."""
    expected = [
        grant
        for grant in grants
        if (subject is None or grant.subject == subject) and (client_id is None or grant.client_id == client_id)
    ]
    seen: list[Grant] = []
    before: tuple[int, bytes] | None = None
    while page := store.list_grants(subject=subject, client_id=client_id, live_at=None, limit=size, before=before):
        assert len(page) <= size
        seen.extend(page)
        before = (page[-1].created_at, page[-1].id)
    assert seen == expected


def test_only_what_lives_is_listed_where_asked(populated: Store) -> None:
    """Live is pending or active, with none of the limits that concern it reached."""
    pending, active = GrantState.PENDING, GrantState.ACTIVE
    late = NOW + DAY
    rows = {
        "pending": (pending, late, NOW, late),
        "pending, code expired": (pending, NOW, late, late),
        "pending, too old": (pending, late, late, NOW),
        "active": (active, NOW, late, late),
        "active, idle too long": (active, late, NOW, late),
        "active, too old": (active, late, late, NOW),
        "dead": (GrantState.DEAD, late, late, late),
        "revoked": (GrantState.REVOKED, late, late, late),
    }
    grants = {
        name: a_grant(
            id=name.encode().ljust(21),
            state=state,
            code_expires_at=code,
            idle_expires_at=idle,
            expires_at=absolute,
        )
        for name, (state, code, idle, absolute) in rows.items()
    }
    populated.write(lambda transaction: [transaction.create_grant(grant) for grant in grants.values()])
    live = populated.list_grants(subject=None, client_id=None, live_at=NOW, limit=100, before=None)
    assert {grant.id.decode().strip() for grant in live} == {"pending", "active"}
