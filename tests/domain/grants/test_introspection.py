"""Introspection: who may ask, about which tokens, and what is told (RFC 7662)."""

from collections.abc import Callable

import pytest

from core.domain.clients.authentication import ClientCredentials
from core.domain.errors import InvalidClient, InvalidRequest, StoreUnavailable, UnauthorizedClient
from core.domain.grants.introspection import Introspection
from core.domain.tokens.validation import Inactive, ValidToken
from tests.domain.house import FILES, MCP, House
from tests.domain.road import (
    Connection,
    a_client,
    a_confidential_client,
    a_program,
    a_resource_server,
    asking_for_itself,
    connect,
    introspect,
)


def test_a_resource_server_learns_what_validation_tells(house: House) -> None:
    """RFC 7662 §2.2: the same answer as over gRPC, in the resource's spelling or another of the same one."""
    connection = connect(house, MCP)
    client, secret = a_resource_server(house, "https://MCP.example.com:443/mcp")

    told = introspect(house, connection.tokens.access_token, client.client_id, secret)

    assert told is not None
    assert told == house.validation.validate(connection.tokens.access_token, MCP)
    assert told.user.username == connection.user.username


def test_each_of_its_resources_counts(house: House) -> None:
    """One that is several services is told about tokens for any of them."""
    client, secret = a_resource_server(house, MCP, FILES)

    for resource in (MCP, FILES):
        token = connect(house, resource).tokens.access_token
        assert introspect(house, token, client.client_id, secret) is not None


def test_server_wide_tokens_while_there_are_any(house: House) -> None:
    """As for services over gRPC: they are good at every service while ServerWideTokens says so."""
    client, secret = a_resource_server(house, FILES)
    token = connect(house).tokens.access_token

    assert introspect(house, token, client.client_id, secret) is not None
    with house.under(server_wide_tokens=False):
        assert introspect(house, token, client.client_id, secret) is None


def test_a_programs_token(house: House) -> None:
    """RFC 6749 §4.4: no user stands behind it, and so no name in the answer."""
    program, its_secret = a_program(house)
    client, secret = a_resource_server(house, MCP)
    token = house.tokens.issue(asking_for_itself(program.client_id, its_secret, MCP)).access_token

    told = introspect(house, token, client.client_id, secret)

    assert told is not None
    assert (told.token.subject, told.user.username) == (program.client_id, "")


_NOT_ACTIVE: dict[str, Callable[[Connection], str]] = {
    "refresh token": lambda connection: connection.refresh_token,
    "nonsense": lambda connection: "nonsense",
    "another service's": lambda connection: connect(connection.house, FILES).tokens.access_token,
    "cut": lambda connection: connection.tokens.access_token[:-1],
}


@pytest.mark.parametrize("what", _NOT_ACTIVE)
def test_what_is_no_good_token_of_its_own_is_not_active(house: House, what: str) -> None:
    """RFC 7662 §2.2, §4: one and the same answer; a refresh token is never good for a resource server."""
    connection = connect(house, MCP)
    client, secret = a_resource_server(house, MCP)

    assert introspect(house, _NOT_ACTIVE[what](connection), client.client_id, secret) is None


def test_revocation_and_expiry_count_at_once(house: House) -> None:
    """CVE-2023-0091: an answer before is no answer after."""
    ended, old = connect(house, MCP), connect(house, MCP)
    client, secret = a_resource_server(house, MCP)
    assert introspect(house, ended.tokens.access_token, client.client_id, secret) is not None

    house.grants.revoke(ended.grant().id.hex())
    assert introspect(house, ended.tokens.access_token, client.client_id, secret) is None
    house.clock.advance(3600)
    assert introspect(house, old.tokens.access_token, client.client_id, secret) is None


def test_when_it_last_asked_is_known_to_the_hour(house: House) -> None:
    """Whatever it was told: a resource server gets no tokens, and is in use all the same."""
    client, secret = a_resource_server(house, MCP)
    never = house.clients.get(client.client_id).last_used_at
    began = house.clock.now()
    seen = []
    for pause in (0, 1800, 1801):
        house.clock.advance(pause)
        introspect(house, "nonsense", client.client_id, secret)
        seen.append(house.clients.get(client.client_id).last_used_at)

    assert (never, seen) == (None, [began, began, began + 3601])


def test_a_full_disk_keeps_nobody_from_asking(house: House) -> None:
    """RFC 7662 §2: asking needs nothing written down; only that it was asked is not noted then."""
    connection = connect(house, MCP)
    client, secret = a_resource_server(house, MCP)

    def refuse(tx: object) -> None:
        raise StoreUnavailable("full")

    store = house.store.guarded_by(refuse)
    introspection = Introspection(house.authentication, store, house.validation, house.policy, house.clock)
    credentials = ClientCredentials(client.client_id, secret, "client_secret_basic")
    assert isinstance(introspection.introspect(connection.tokens.access_token, credentials), ValidToken)


def test_nobody_asks_who_is_no_resource_server(house: House) -> None:
    """RFC 7662 §2.1: neither a public client, which only names itself, nor one that an operator has made none."""
    token = connect(house, MCP).tokens.access_token
    portal, secret = a_confidential_client(house)

    with pytest.raises(InvalidClient):
        introspect(house, token, a_client(house).client_id, None, "none")
    with pytest.raises(UnauthorizedClient):
        introspect(house, token, portal.client_id, secret)


def test_why_is_for_operators_alone(house: House) -> None:
    """Metrics tell the reason that the asker never learns."""
    client, secret = a_resource_server(house, MCP)
    credentials = ClientCredentials(client.client_id, secret, "client_secret_basic")

    with house.under(server_wide_tokens=False):
        token = connect(house, FILES).tokens.access_token
        assert house.introspection.introspect(token, credentials) is Inactive.OTHER_AUDIENCE
    assert house.introspection.introspect("nonsense", credentials) is Inactive.UNKNOWN
    with pytest.raises(InvalidRequest):
        house.introspection.introspect("", credentials)
