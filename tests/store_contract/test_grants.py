"""The grant's verbs: who wins, who gets nothing, and that losers change nothing (README, Grants)."""

from dataclasses import replace
from itertools import product

import pytest

from core.domain.grants.grant import Grant, GrantState, RevokeReason
from core.domain.store import Store, Transaction
from tests.store_contract.nouns import DAY, HOUR, MINUTE, NOW, a_client, a_grant, a_user, an_active_grant

USERS = ("active", "disabled", "deleted")
CLIENTS = ("live", "blocked", "deleted", "blocked and deleted")


def add_everybody(transaction: Transaction) -> None:
    """A user and a client of each name, all well."""
    for name in USERS:
        assert transaction.create_user(a_user(subject=name, username_key=name))
    for name in CLIENTS:
        transaction.register_client(a_client(client_id=name))


def spoil_everybody(transaction: Transaction) -> None:
    """Make them what their names say."""
    assert transaction.disable_user("disabled", now=NOW)
    assert transaction.delete_user("deleted")
    for name in ("blocked", "blocked and deleted"):
        assert transaction.block_client(name, now=NOW)
    for name in ("deleted", "blocked and deleted"):
        assert transaction.delete_client(name, now=NOW)


def add_matrix(store: Store, variants: list[Grant]) -> dict[bytes, tuple[Grant, str, str]]:
    """A grant of each variant for each kind of user and client, made while all were well."""
    grants = [
        replace(grant, id=number.to_bytes(16), subject=user, client_id=client)
        for number, (grant, user, client) in enumerate(product(variants, USERS, CLIENTS))
    ]
    store.write(add_everybody)
    assert all(store.write(lambda transaction: [transaction.create_grant(grant) for grant in grants]))
    store.write(spoil_everybody)
    return {grant.id: (grant, grant.subject, grant.client_id) for grant in grants}


def create(store: Store, grant: Grant) -> bool:
    """Create it in a transaction of its own."""
    return store.write(lambda transaction: transaction.create_grant(grant))


def redeem(store: Store, grant_id: bytes, now: int = NOW, idle_expires_at: int = NOW + DAY) -> Grant | None:
    """Redeem its code in a transaction of its own."""
    return store.write(
        lambda transaction: transaction.redeem_code(
            grant_id, attempt_id=b"attempt", now=now, idle_expires_at=idle_expires_at
        )
    )


def rotate(store: Store, grant_id: bytes, now: int = NOW, idle_expires_at: int = NOW + DAY) -> Grant | None:
    """Rotate its third generation in a transaction of its own."""
    return store.write(
        lambda transaction: transaction.rotate_refresh_token(
            grant_id, generation=3, attempt_id=b"attempt", now=now, idle_expires_at=idle_expires_at
        )
    )


def test_a_code_is_redeemed_only_when_everything_holds(store: Store) -> None:
    """Of every state × expiry × user × client only one redeems; the others change nothing (RFC 6749 §4.1.2)."""
    good = a_grant()
    expired = [replace(good, code_expires_at=NOW), replace(good, expires_at=NOW)]
    others = [replace(good, state=state) for state in GrantState if state is not GrantState.PENDING]
    cells = add_matrix(store, [good, *expired, *others])
    winners = []
    for grant_id, (grant, user, client) in cells.items():
        redeemed = redeem(store, grant_id)
        if redeemed is None:
            assert store.find_grant(grant_id) == grant
        else:
            winners.append((replace(grant, id=good.id, subject=good.subject, client_id=good.client_id), user, client))
    assert winners == [(good, "active", "live")]


def test_a_refresh_token_rotates_only_when_everything_holds(store: Store) -> None:
    """Of every state × generation × expiry × user × client one rotates; the others change nothing (RFC 6749 §6)."""
    good = an_active_grant()
    generations = [replace(good, generation=2), replace(good, generation=4)]
    expired = [replace(good, idle_expires_at=NOW), replace(good, expires_at=NOW)]
    others = [replace(good, state=state) for state in GrantState if state is not GrantState.ACTIVE]
    cells = add_matrix(store, [good, *generations, *expired, *others])
    winners = []
    for grant_id, (grant, user, client) in cells.items():
        rotated = rotate(store, grant_id)
        if rotated is None:
            assert store.find_grant(grant_id) == grant
        else:
            winners.append((replace(grant, id=good.id, subject=good.subject, client_id=good.client_id), user, client))
    assert winners == [(good, "active", "live")]


def test_a_grant_is_created_only_for_an_active_user_and_a_live_client(store: Store) -> None:
    """Whoever was disabled, deleted or blocked between the page and the consent gets no grant, in any first state."""
    store.write(add_everybody)
    store.write(spoil_everybody)
    created = []
    for number, (state, user, client) in enumerate(product((GrantState.PENDING, GrantState.DEAD), USERS, CLIENTS)):
        grant = a_grant(id=number.to_bytes(16), state=state, subject=user, client_id=client)
        if create(store, grant):
            created.append((state, user, client))
            assert store.find_grant(grant.id) == grant
        else:
            assert store.find_grant(grant.id) is None
    assert created == [(GrantState.PENDING, "active", "live"), (GrantState.DEAD, "active", "live")]


def test_a_grant_is_created_once(populated: Store) -> None:
    """A sealed request cannot be consented to twice: the second grant with its id is refused and changes nothing."""
    assert create(populated, a_grant())
    again = a_grant(secret=b"another", state=GrantState.DEAD)
    assert not create(populated, again)
    assert populated.find_grant(again.id) == a_grant()


def test_redeeming_says_what_the_row_then_is(populated: Store) -> None:
    """Pending → active: generation 1, the attempt and the time are kept (README, Grants)."""
    create(populated, a_grant())
    redeemed = redeem(populated, a_grant().id, now=NOW + 7)
    assert redeemed == a_grant(
        state=GrantState.ACTIVE,
        generation=1,
        attempt_id=b"attempt",
        rotated_at=NOW + 7,
        idle_expires_at=NOW + DAY,
    )
    assert populated.find_grant(a_grant().id) == redeemed


def test_rotating_says_what_the_row_then_is(populated: Store) -> None:
    """Generation + 1 and rotated_at = now; nothing else moves but the idle limit (OAuth 2.1 §4.3.1)."""
    create(populated, an_active_grant())
    rotated = rotate(populated, a_grant().id, now=NOW + HOUR, idle_expires_at=NOW + 31 * DAY)
    assert rotated == an_active_grant(generation=4, rotated_at=NOW + HOUR, idle_expires_at=NOW + 31 * DAY)
    assert populated.find_grant(a_grant().id) == rotated


def test_the_idle_limit_never_passes_the_absolute_one(populated: Store) -> None:
    """Near the end of GrantLifetime a code or a refresh gives life to that end (README, Grants)."""
    end = NOW + 10 * MINUTE
    assert create(populated, a_grant(expires_at=end))
    assert create(populated, an_active_grant(id=b"active", expires_at=end))
    for moved in (redeem(populated, a_grant().id), rotate(populated, b"active")):
        assert moved is not None
        assert moved.idle_expires_at == end


@pytest.mark.parametrize("state", list(GrantState))
def test_only_a_pending_code_can_be_killed(populated: Store, state: GrantState) -> None:
    """A wrong verifier kills a code not yet redeemed, and nothing else (README, Grants)."""
    grant = a_grant(state=state)
    create(populated, grant)
    killed = populated.write(lambda transaction: transaction.kill_code(grant.id))
    assert killed == (state is GrantState.PENDING)
    assert populated.find_grant(grant.id) == (replace(grant, state=GrantState.DEAD) if killed else grant)


@pytest.mark.parametrize("state", list(GrantState))
def test_only_a_pending_or_active_grant_can_be_revoked(populated: Store, state: GrantState) -> None:
    """Revoking says once that it ended, and keeps the first time and reason (RFC 7009 §2.2)."""
    grant = an_active_grant(state=state)
    create(populated, grant)
    revoked = populated.write(
        lambda transaction: transaction.revoke_grant(grant.id, reason=RevokeReason.REVOKED_BY_CLIENT, now=NOW + 5)
    )
    if state in (GrantState.PENDING, GrantState.ACTIVE):
        assert revoked == replace(
            grant, state=GrantState.REVOKED, revoked_at=NOW + 5, revoke_reason=RevokeReason.REVOKED_BY_CLIENT
        )
        assert populated.find_grant(grant.id) == revoked
    else:
        assert revoked is None
        assert populated.find_grant(grant.id) == grant


@pytest.mark.parametrize(
    ("by", "reason"),
    [
        ("subject", RevokeReason.USER_DISABLED),
        ("client", RevokeReason.CLIENT_BLOCKED),
        ("both", RevokeReason.REVOKED_BY_USER),
        ("everything", RevokeReason.RESTORED),
    ],
)
def test_revoking_many_touches_those_alone(store: Store, by: str, reason: RevokeReason) -> None:
    """One statement ends all pending and active grants: of a user, of a client, of both or all; and no others."""
    store.write(add_everybody)
    grants = [
        a_grant(id=number.to_bytes(16), state=state, subject=subject, client_id=client_id)
        for number, (state, subject, client_id) in enumerate(
            product(GrantState, ("active", "disabled"), ("live", "blocked"))
        )
    ]
    store.write(lambda transaction: [transaction.create_grant(grant) for grant in grants])

    def revoke(transaction: Transaction) -> int:
        match by:
            case "subject":
                return transaction.revoke_grants_of_subject("active", reason=reason, now=NOW + 1)
            case "client":
                return transaction.revoke_grants_of_client("live", reason=reason, now=NOW + 1)
            case "both":
                return len(
                    transaction.revoke_grants_of_client_and_subject("live", "active", reason=reason, now=NOW + 1)
                )
            case _:
                return transaction.revoke_all_grants(reason=reason, now=NOW + 1)

    meant = {
        "subject": {grant.id for grant in grants if grant.subject == "active"},
        "client": {grant.id for grant in grants if grant.client_id == "live"},
        "both": {grant.id for grant in grants if (grant.subject, grant.client_id) == ("active", "live")},
        "everything": {grant.id for grant in grants},
    }[by]
    assert store.write(revoke) == len(meant) // 2
    assert store.write(revoke) == 0
    for grant in grants:
        ended = grant.id in meant and grant.state in (GrantState.PENDING, GrantState.ACTIVE)
        after = replace(grant, state=GrantState.REVOKED, revoked_at=NOW + 1, revoke_reason=reason) if ended else grant
        assert store.find_grant(grant.id) == after


def test_enabling_a_user_revives_nothing(populated: Store) -> None:
    """A grant revoked with its user stays revoked when the user is enabled (README, Grants)."""
    create(populated, an_active_grant())

    def disable(transaction: Transaction) -> None:
        transaction.disable_user("subject-1", now=NOW)
        transaction.revoke_grants_of_subject("subject-1", reason=RevokeReason.USER_DISABLED, now=NOW)

    populated.write(disable)
    populated.write(lambda transaction: transaction.enable_user("subject-1"))
    assert rotate(populated, a_grant().id) is None


def test_all_codes_die_and_nothing_else_does(populated: Store) -> None:
    """After a restore that keeps grants, a code may have been redeemed before: pending ones die, others stay."""
    grants = [a_grant(id=number.to_bytes(16), state=state) for number, state in enumerate(GrantState)]
    populated.write(lambda transaction: [transaction.create_grant(grant) for grant in grants])
    assert populated.write(lambda transaction: transaction.kill_all_codes()) == 1
    for grant in grants:
        dead = grant.state is GrantState.PENDING
        assert populated.find_grant(grant.id) == (replace(grant, state=GrantState.DEAD) if dead else grant)
