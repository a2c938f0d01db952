"""Fifty threads at the same moment: exactly one wins, the others find nothing to do (RFC 9700 §4.5, §4.14)."""

from core.domain.store import Store
from tests.store_contract.nouns import DAY, NOW, a_client, a_grant, a_user, an_active_grant
from tests.store_contract.writers import race


def test_a_code_is_redeemed_once(populated: Store) -> None:
    """Of parallel redemptions one gets the grant."""
    populated.write(lambda transaction: transaction.create_grant(a_grant()))
    won = race(
        populated,
        lambda transaction: transaction.redeem_code(a_grant().id, attempt_id=b"a", now=NOW, idle_expires_at=NOW + DAY),
    )
    winners = [grant for grant in won if grant is not None]
    assert [grant.generation for grant in winners] == [1]
    assert populated.find_grant(a_grant().id) == winners[0]


def test_a_generation_is_rotated_once(populated: Store) -> None:
    """Of parallel refreshes with one token one moves the generation: never two live successors."""
    populated.write(lambda transaction: transaction.create_grant(an_active_grant()))
    won = race(
        populated,
        lambda transaction: transaction.rotate_refresh_token(
            a_grant().id, generation=3, attempt_id=b"attempt", now=NOW, idle_expires_at=NOW + DAY
        ),
    )
    winners = [grant for grant in won if grant is not None]
    assert [grant.generation for grant in winners] == [4]
    assert populated.find_grant(a_grant().id) == winners[0]


def test_a_grant_is_created_once(populated: Store) -> None:
    """Of parallel consents to one request one is stored."""
    assert race(populated, lambda transaction: transaction.create_grant(a_grant())).count(True) == 1


def test_a_client_is_registered_once(store: Store) -> None:
    """All parallel registrations get the same row."""
    assert set(race(store, lambda transaction: transaction.register_client(a_client()))) == {a_client()}
    assert store.list_clients(limit=9, after="") == [a_client()]


def test_a_name_is_taken_once(store: Store) -> None:
    """Of parallel creations of one user one succeeds."""
    assert race(store, lambda transaction: transaction.create_user(a_user())).count(True) == 1


def test_the_first_user_is_claimed_once(store: Store) -> None:
    """Of parallel claims one gets the right."""
    assert race(store, lambda transaction: transaction.claim_first_user()).count(True) == 1
