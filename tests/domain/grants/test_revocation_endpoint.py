"""The revocation endpoint (RFC 7009): whose token it is decides, and nothing else is told."""

import pytest

from core.domain.clients.authentication import ClientCredentials
from core.domain.errors import ClientsDisabled, InvalidClient, InvalidRequest
from tests.domain.house import House
from tests.domain.road import Connection, connect, validate


def _revoke(connection: Connection, token: str, client_id: str = "") -> bool:
    credentials = ClientCredentials(client_id or connection.client.client_id, None, "none")
    return connection.house.revocation.revoke(token, credentials)


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_another_clients_token_is_answered_without_effect(house: House, kind: str) -> None:
    """RFC 7009 §2.1: the server verifies that the token was issued to the client that asks."""
    victim, thief = connect(house), connect(house)
    token = victim.refresh_token if kind == "refresh" else victim.tokens.access_token
    assert _revoke(victim, token, thief.client.client_id) is False
    assert validate(house, victim.tokens.access_token) is not None
    victim.rotate()


@pytest.mark.parametrize("token", ["unknown", "thr_", "thc_" + "A" * 78, "a.b.c", "é", "x" * 60_000])
def test_an_unknown_token_is_answered_without_effect(house: House, token: str) -> None:
    """RFC 7009 §2.2: an invalid token is no error."""
    assert _revoke(connect(house), token) is False


def test_revoking_twice_is_no_error(house: House) -> None:
    """RFC 7009 §2.2."""
    connection = connect(house)
    assert _revoke(connection, connection.refresh_token)
    assert _revoke(connection, connection.refresh_token) is False


def test_a_forged_refresh_token_ends_nothing(house: House) -> None:
    """Nobody ends a session by guessing: the tag is checked here too."""
    connection = connect(house)
    token = connection.refresh_token
    assert _revoke(connection, token[:-1] + ("A" if token[-1] != "A" else "B")) is False
    connection.rotate()


def test_revocation_needs_a_known_client_and_a_token(house: House) -> None:
    """RFC 7009 §2.1: an unknown or blocked client is invalid_client, no token is invalid_request."""
    connection = connect(house)
    for client_id in ("", "unknown"):
        with pytest.raises(InvalidClient):
            house.revocation.revoke(connection.refresh_token, ClientCredentials(client_id, None, "none"))
    with pytest.raises(InvalidRequest):
        _revoke(connection, "")
    with house.under(clients_enabled=False), pytest.raises(ClientsDisabled):
        _revoke(connection, connection.refresh_token)
    connection.rotate()
