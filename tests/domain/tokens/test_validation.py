"""Validation: good or not, for whom, for what, from memory and after forgetting."""

import shutil
from pathlib import Path

import pytest

from core.domain.errors import InvalidArgument
from core.domain.tokens import known_users
from core.domain.tokens.remembered import Remembered
from core.domain.tokens.validation import ValidToken
from tests.domain.house import FILES, ISSUER, MCP, House
from tests.domain.road import Connection, a_client, a_user, connect, validate
from tests.domain.tokens.forging import claims_of, sign


def _valid(house: House, token: str, audience: str = ISSUER) -> ValidToken:
    found = validate(house, token, audience)
    assert found is not None
    return found


def test_a_valid_token_tells_whose_it_is_and_what_it_is_for(house: House) -> None:
    """RFC 9068 §2.2: subject, client, scope, audience and times, with the user as the user is now."""
    user = a_user(house, "dev", "ops")
    connection = connect(house, MCP, user=user, scope="mcp files")
    found = _valid(house, connection.tokens.access_token, MCP)
    token = found.token
    assert (token.subject, token.client_id, token.scope) == (
        user.subject,
        connection.client.client_id,
        ("mcp", "files"),
    )
    assert (token.audience, token.expires_at - token.issued_at) == ((MCP,), 3600)
    assert token.grant_id == connection.grant().id.hex()
    assert found.user.groups == ("dev", "ops")


@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
@pytest.mark.parametrize(("pause", "good"), [(0, True), (3599, True), (3600, False), (3601, False), (86400, False)])
def test_a_token_is_good_until_its_last_second(house: House, pause: int, good: bool, restarted: bool) -> None:
    """RFC 7519 §4.1.4: on or after exp it must not be accepted; read from memory or from its text."""
    connection = connect(house)
    house.clock.advance(pause)
    if restarted:
        house.restart()
    assert (validate(house, connection.tokens.access_token) is not None) is good


#: What the grant is for, who asks, and whether a token is good there: with server-wide tokens on, and off.
AUDIENCES = [
    ((), ISSUER, True, True),
    ((), ISSUER + "/", True, True),
    ((), MCP, True, False),
    ((), "https://anything.example.com/", True, False),
    ((MCP,), MCP, True, True),
    ((MCP,), "https://MCP.example.com:443/mcp", True, True),
    ((MCP,), MCP + "/", False, False),
    ((MCP,), "https://mcp.example.com", False, False),
    ((MCP,), "https://mcp.example.com/mc", False, False),
    ((MCP,), "https://mcp.example.com/mcp2", False, False),
    ((MCP,), "http://mcp.example.com/mcp", False, False),
    ((MCP,), "https://mcp.example.com:8443/mcp", False, False),
    ((MCP,), "https://mcp.example.com.evil.example/mcp", False, False),
    ((MCP,), FILES, False, False),
    ((MCP,), ISSUER, False, False),
    ((MCP, FILES), MCP, True, True),
    ((MCP, FILES), FILES[:-1], True, True),
    ((MCP, FILES), ISSUER, False, False),
    ((FILES,), FILES[:-1], True, True),
]


@pytest.mark.parametrize(("resources", "audience", "wide", "narrow"), AUDIENCES)
def test_a_token_is_good_for_its_own_audience_alone(
    house: House, resources: tuple[str, ...], audience: str, wide: bool, narrow: bool
) -> None:
    """RFC 9068 §4, RFC 8707: compared after normalising; ServerWideTokens decides about those without a resource."""
    token = connect(house, *resources).tokens.access_token
    assert (validate(house, token, audience) is not None) is wide
    with house.under(server_wide_tokens=False):
        assert (validate(house, token, audience) is not None) is narrow


@pytest.mark.parametrize(
    "audience", ["", "x", "mcp.example.com", "https://", "https://mcp.example.com/#x", "https://a b/"]
)
def test_a_service_must_say_who_it_is(house: House, audience: str) -> None:
    """validation.proto: the audience is required, and a resource; guessing nothing is safer than guessing."""
    with pytest.raises(InvalidArgument):
        validate(house, connect(house).tokens.access_token, audience)


def test_a_disabled_user_has_no_valid_token_whatever_its_number(house: House) -> None:
    """A database that was put back by hand, without `tokenhouse restore`, counts revocations anew: a token from before
    whose number has come again is covered by none below it, and its user's account still decides."""
    connection, others = connect(house), [connect(house) for _ in range(2)]
    token = connection.tokens.access_token
    later = sign(house, token, {**claims_of(token), "rev": house.store.current_revision() + 2})
    assert validate(house, later) is None
    house.users.disable(connection.user.username)
    for other in others:
        _revoke_grant(other)
    assert validate(house, later) is None
    house.users.enable(connection.user.username)
    assert validate(house, later) is not None


def test_a_token_is_required(house: House) -> None:
    """validation.proto: INVALID_ARGUMENT, not inactive, where the caller forgot it."""
    with pytest.raises(InvalidArgument):
        validate(house, "")


def test_groups_are_those_of_now(house: House) -> None:
    """The next validation of any token returns the groups set before it; a restart too."""
    connection = connect(house, user=a_user(house, "old"))
    assert _valid(house, connection.tokens.access_token).user.groups == ("old",)
    house.users.set_groups(connection.user.username, ["new", "another", "new"])
    assert _valid(house, connection.tokens.access_token).user.groups == ("another", "new")
    house.restart()
    assert _valid(house, connection.tokens.access_token).user.groups == ("another", "new")
    house.users.set_groups(connection.user.username, [])
    assert _valid(house, connection.tokens.access_token).user.groups == ()


def test_switching_clients_off_and_on_brings_tokens_back(house: House) -> None:
    """Server.OAuthClientsEnabled = false: nothing validates; on again, everything does as before."""
    connection = connect(house)
    with house.under(clients_enabled=False):
        assert validate(house, connection.tokens.access_token) is None
        house.restart()
        assert validate(house, connection.tokens.access_token) is None
    assert validate(house, connection.tokens.access_token) is not None


def test_what_was_forgotten_is_read_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory is a cache: more tokens and users than it holds change no answer."""
    monkeypatch.setattr(house.validation, "_tokens", Remembered(3))
    monkeypatch.setattr(known_users, "_USERS", 2)
    client = a_client(house)
    connections = [connect(house, client=client) for _ in range(8)]
    house.users.disable(connections[0].user.username)
    house.grants.revoke(connections[1].grant().id.hex())
    for _ in range(2):
        for connection in connections:
            ended = connection in connections[:2]
            assert (validate(house, connection.tokens.access_token) is None) is ended
        assert len(house.validation._tokens) <= 3
        assert len(house.validation._users._users) <= 2


def test_old_revocations_are_forgotten_and_what_they_ended_stays_ended(house: House) -> None:
    """A revocation is kept until the last token it covers has expired: then expiry itself refuses."""
    connection = connect(house)
    house.grants.revoke(connection.grant().id.hex())
    house.clock.advance(86400)
    house.validation.forget_ended(now=house.clock.now())
    assert not house.validation._revocations._grants
    house.store.purge(now=house.clock.now(), limit=500)
    house.restart()
    assert connection.is_dead()


def test_a_revocation_is_kept_while_a_token_it_covers_lives(house: House) -> None:
    """Forgetting never revives: a token of the longest lifetime stays revoked to its end, restart or not."""
    with house.under(access_token_lifetime=86400):
        connection = connect(house)
    house.grants.revoke(connection.grant().id.hex())
    for _ in range(24):
        house.clock.advance(3599)
        house.validation.forget_ended(now=house.clock.now())
        house.store.purge(now=house.clock.now(), limit=500)
        assert validate(house, connection.tokens.access_token) is None
    house.restart()
    assert validate(house, connection.tokens.access_token) is None


def test_revocations_are_numbered_on_after_the_old_ones_are_gone(house: House) -> None:
    """Numbers only grow: with every row purged, the next revocation still covers tokens that carry the last number."""
    for _ in range(3):
        house.grants.revoke(connect(house).grant().id.hex())
    house.clock.advance(86400)
    house.store.purge(now=house.clock.now(), limit=500)
    house.restart()
    connection = connect(house)
    assert _valid(house, connection.tokens.access_token).token.revision >= 3
    house.grants.revoke(connection.grant().id.hex())
    assert validate(house, connection.tokens.access_token) is None
    house.restart()
    assert validate(house, connection.tokens.access_token) is None


def _revoke_grant(connection: Connection) -> None:
    connection.house.grants.revoke(connection.grant().id.hex())


def test_a_token_that_is_newer_than_the_database_is_refused(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """README, Restore: where an older copy was put back by hand, its revocations bear numbers that were given out once
    before, and cover no token that has them."""
    connection = connect(house)
    known = connection.tokens.access_token
    house.close()
    shutil.copytree(house.folder, tmp_path / "older")
    house.open()
    _revoke_grant(connect(house))
    newer = connection.rotate()
    house.clock.advance(1)
    house.close()
    shutil.rmtree(house.folder)
    shutil.move(tmp_path / "older", house.folder)
    house.open()
    assert _valid(house, known)
    assert [validate(house, newer.access_token) for _ in range(2)] == [None, None]
    assert [record.levelname for record in caplog.records if "newer than the database" in record.message] == [
        "CRITICAL"
    ]
    _revoke_grant(connection)
    assert validate(house, newer.access_token) is None


def test_every_kind_of_revocation_counts_beside_every_other(house: House) -> None:
    """GHSA-83c4-ffjp-mxp9: with one kind in force, another one is not passed over."""
    client, user = a_client(house), a_user(house)
    by_grant = connect(house)
    by_user, by_client = connect(house, user=user), connect(house, client=client)
    house.users.disable(user.username)
    house.clients.delete(client.client_id)
    _revoke_grant(by_grant)
    for connection in (by_grant, by_user, by_client):
        assert validate(house, connection.tokens.access_token) is None
