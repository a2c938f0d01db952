"""Revocation: what ends which tokens, at once and for good (RFC 7009, RFC 9700 §4.14)."""

from collections.abc import Callable

import pytest

from core.domain.clients.authentication import ClientCredentials
from core.domain.grants.grant import GrantState, RevokeReason
from core.domain.grants.token_request import TokenRequest
from tests.domain.house import House
from tests.domain.road import (
    Connection,
    a_client,
    a_code,
    a_session,
    a_user,
    connect,
    grant_id_of,
    redeeming,
    refreshing,
    refusal_of,
    register,
    validate,
)


def _revoke(connection: Connection, token: str) -> bool:
    credentials = ClientCredentials(connection.client.client_id, None, "none")
    return connection.house.revocation.revoke(token, credentials)


def _by_refresh_token(connection: Connection) -> None:
    assert _revoke(connection, connection.refresh_token)


def _by_access_token(connection: Connection) -> None:
    assert _revoke(connection, connection.tokens.access_token)


def _by_expired_access_token(connection: Connection) -> None:
    connection.house.clock.advance(3601)
    assert _revoke(connection, connection.tokens.access_token)


def _by_spent_refresh_token(connection: Connection) -> None:
    spent = connection.refresh_token
    connection.rotate()
    connection.rotate()
    assert _revoke(connection, spent)


def _by_operator(connection: Connection) -> None:
    assert connection.house.grants.revoke(connection.grant().id.hex())


def _by_disabling(connection: Connection) -> None:
    connection.house.users.disable(connection.user.username)


def _by_deleting_user(connection: Connection) -> None:
    connection.house.users.delete(connection.user.username)


def _by_new_password(connection: Connection) -> None:
    connection.house.users.set_password(connection.user.username, "another password", keep_grants=False)


def _by_user(connection: Connection) -> None:
    session = a_session(connection.house, connection.user)
    connection.house.account.apps.disconnect(connection.client.client_id, session_token=session)


def _by_user_who_ends_all(connection: Connection) -> None:
    connection.house.account.apps.disconnect_all(session_token=a_session(connection.house, connection.user))


def _by_deleting_client(connection: Connection) -> None:
    connection.house.clients.delete(connection.client.client_id)


def _by_blocking_client(connection: Connection) -> None:
    connection.house.clients.block(connection.client.client_id)


ENDS: dict[RevokeReason, list[Callable[[Connection], None]]] = {
    RevokeReason.REVOKED_BY_CLIENT: [
        _by_refresh_token,
        _by_access_token,
        _by_expired_access_token,
        _by_spent_refresh_token,
    ],
    RevokeReason.REVOKED_BY_OPERATOR: [_by_operator],
    RevokeReason.REVOKED_BY_USER: [_by_user, _by_user_who_ends_all],
    RevokeReason.USER_DISABLED: [_by_disabling],
    RevokeReason.USER_DELETED: [_by_deleting_user],
    RevokeReason.PASSWORD_CHANGED: [_by_new_password],
    RevokeReason.CLIENT_DELETED: [_by_deleting_client],
    RevokeReason.CLIENT_BLOCKED: [_by_blocking_client],
}
WAYS = [(reason, end) for reason, ends in ENDS.items() for end in ends]
BY_CLIENT = (RevokeReason.CLIENT_DELETED, RevokeReason.CLIENT_BLOCKED)


def _has_ended(connection: Connection) -> bool:
    """No access token validates and no refresh is answered, whatever the refusal's name."""
    request_refused = refusal_of(connection.house, _refresh_request(connection)) in ("InvalidGrant", "InvalidClient")
    return request_refused and validate(connection.house, connection.tokens.access_token) is None


def _refresh_request(connection: Connection) -> TokenRequest:
    return refreshing(connection.client.client_id, connection.refresh_token)


@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
@pytest.mark.parametrize(("reason", "end"), WAYS)
def test_every_end_ends_every_token_of_the_grant(
    house: House, reason: RevokeReason, end: Callable[[Connection], None], restarted: bool
) -> None:
    """RFC 7009 §2.1, CVE-2023-0091: access tokens, old and new, and refresh tokens end at once, restart or not."""
    connection, bystander = connect(house), connect(house)
    spent, others = connection.refresh_token, [connection.tokens.access_token]
    connection.rotate()
    others.append(connection.refresh(spent).access_token)
    end(connection)
    if restarted:
        house.restart()
    assert _has_ended(connection)
    assert [validate(house, access_token) for access_token in others] == [None, None]
    assert connection.grant().state is GrantState.REVOKED
    assert connection.grant().revoke_reason is reason
    bystander.rotate()
    assert validate(house, bystander.tokens.access_token) is not None


@pytest.mark.parametrize(("reason", "end"), WAYS)
def test_every_end_ends_a_code_that_waits(
    house: House, reason: RevokeReason, end: Callable[[Connection], None]
) -> None:
    """A code not yet redeemed is a token of its user and its client as well: ended by them, not by another grant."""
    client, user = a_client(house), a_user(house)
    connection = connect(house, client=client, user=user)
    code = a_code(house, client, user)
    end(connection)
    refused = refusal_of(house, redeeming(client.client_id, code))
    if reason in BY_CLIENT:
        assert refused == "InvalidClient"
    elif (
        reason in (RevokeReason.REVOKED_BY_CLIENT, RevokeReason.REVOKED_BY_OPERATOR)
        and end is not _by_expired_access_token
    ):
        assert refused == ""
    else:
        assert refused == "InvalidGrant"


def test_revoking_a_code_ends_its_grant(house: House) -> None:
    """RFC 7009 §2.1: whichever of its tokens is named; a code as well."""
    client, user = a_client(house), a_user(house)
    code = a_code(house, client, user)
    assert house.revocation.revoke(code, ClientCredentials(client.client_id, None, "none"))
    assert refusal_of(house, redeeming(client.client_id, code)) == "InvalidGrant"


def test_revoking_one_grant_leaves_the_same_users_other_grants(house: House) -> None:
    """Two connections of one user with one client are two grants."""
    client, user = a_client(house), a_user(house)
    one, other = (connect(house, client=client, user=user) for _ in range(2))
    _by_refresh_token(one)
    other.rotate()
    assert validate(house, other.tokens.access_token) is not None


def test_enabling_a_user_revives_nothing(house: House) -> None:
    """README, Grants: disabling ends for good; after enabling, the user connects anew and that works."""
    connection = connect(house)
    house.users.disable(connection.user.username)
    house.users.enable(connection.user.username)
    assert connection.is_dead()
    house.restart()
    assert connection.is_dead()
    again = connect(house, client=connection.client, user=connection.user)
    again.rotate()
    assert validate(house, again.tokens.access_token) is not None


def test_unblocking_a_client_revives_nothing(house: House) -> None:
    """What a block ended stays ended; the client may be connected anew."""
    connection = connect(house)
    house.clients.block(connection.client.client_id)
    house.clients.unblock(connection.client.client_id)
    assert connection.is_dead()
    connect(house, client=connection.client, user=connection.user).rotate()


def test_a_deleted_clients_grants_stay_dead_when_it_registers_again(house: House) -> None:
    """CVE-2026-55670's class: the same client_id comes back, but nothing that was given to it before."""
    connection = connect(house)
    body = {"client_name": connection.client.client_name, "redirect_uris": ["http://127.0.0.1:7/callback"]}
    house.clients.delete(connection.client.client_id)
    assert register(house, body)["client_id"] == connection.client.client_id
    assert connection.is_dead()
    house.restart()
    assert connection.is_dead()
    connect(house, client=connection.client, user=connection.user).rotate()


def test_a_deleted_users_name_given_to_somebody_else_brings_no_grant_back(house: House) -> None:
    """RFC 9068 §5: a subject is never used again for somebody else."""
    connection = connect(house)
    house.users.delete(connection.user.username)
    successor = house.users.create(connection.user.username, "a long password", [])
    assert successor.subject != connection.user.subject
    assert connection.is_dead()


def test_a_new_password_may_leave_the_connected_tools_connected(house: House) -> None:
    """user_admin.proto, keep_grants: sessions end, grants go on."""
    connection = connect(house)
    assert house.users.set_password(connection.user.username, "another password", keep_grants=True) == 0
    connection.rotate()
    assert validate(house, connection.tokens.access_token) is not None


def test_tokens_issued_after_a_revocation_are_not_covered_by_it(house: House) -> None:
    """README, Grants: a revocation covers tokens whose rev is below its number, within the same second too."""
    user = a_user(house)
    first = connect(house, user=user)
    house.users.set_password(user.username, "another password", keep_grants=False)
    second = connect(house, user=user)
    assert first.is_dead()
    assert validate(house, second.tokens.access_token) is not None


def test_a_client_that_replays_a_dead_grant_learns_the_same_every_time(house: House) -> None:
    """RFC 6749 §5.2: invalid_grant, so that clients connect anew, however often they try."""
    connection = connect(house)
    _by_operator(connection)
    row = house.store.find_grant(grant_id_of(connection.refresh_token))
    for _ in range(3):
        assert refusal_of(house, _refresh_request(connection)) == "InvalidGrant"
    assert house.store.find_grant(grant_id_of(connection.refresh_token)) == row
