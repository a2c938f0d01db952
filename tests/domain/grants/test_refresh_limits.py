"""What one refresh may ask for, and how long a grant lives."""

import pytest

from core.domain.errors import InvalidScope, InvalidTarget
from core.domain.tokens.validation import ValidToken
from tests.domain.house import DAY, FILES, ISSUER, MCP, House
from tests.domain.road import connect, refreshing, refusal_of, validate


def _valid(house: House, token: str, audience: str = ISSUER) -> ValidToken:
    found = validate(house, token, audience)
    assert found is not None
    return found


def test_a_grant_that_nobody_refreshes_ends_after_the_idle_limit(house: House) -> None:
    """RefreshTokenLifetime counts from the last rotation: good at the last second, refused at the next one."""
    with house.under(refresh_token_lifetime=1000):
        connection = connect(house)
        house.clock.advance(999)
        connection.rotate()
        house.clock.advance(999)
        connection.rotate()
        house.clock.advance(1000)
        assert refusal_of(house, refreshing(connection.client.client_id, connection.refresh_token)) == "InvalidGrant"


def test_a_replay_does_not_prolong_the_idle_limit(house: House) -> None:
    """README, Grants: idle counts since the last rotation, and a replay is none."""
    with house.under(refresh_token_lifetime=100):
        connection = connect(house)
        spent = connection.refresh_token
        connection.rotate()
        house.clock.advance(99)
        connection.refresh(spent)
        house.clock.advance(1)
        assert refusal_of(house, refreshing(connection.client.client_id, spent)) == "InvalidGrant"


def test_no_refresh_outlives_the_grant(house: House) -> None:
    """GrantLifetime is absolute: whoever refreshes every hour is asked again all the same."""
    with house.under(grant_lifetime=3 * 3600, refresh_token_lifetime=2 * 3600):
        connection = connect(house)
        for _ in range(2):
            house.clock.advance(3600)
            connection.rotate()
        house.clock.advance(3599)
        last = connection.rotate()
        assert last.expires_in == 1
        house.clock.advance(1)
        assert refusal_of(house, refreshing(connection.client.client_id, connection.refresh_token)) == "InvalidGrant"
        assert validate(house, last.access_token) is None


def test_a_grant_lives_for_the_whole_of_its_default_limits(house: House) -> None:
    """The defaults: 30 days idle, 180 days in all."""
    connection = connect(house)
    for _ in range(6):
        house.clock.advance(30 * DAY - 1)
        connection.rotate()
    house.clock.advance(6)
    assert refusal_of(house, refreshing(connection.client.client_id, connection.refresh_token)) == "InvalidGrant"


@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        (None, "mcp files offline_access"),
        ("", "mcp files offline_access"),
        ("mcp", "mcp"),
        ("files mcp", "mcp files"),
        ("mcp offline_access", "mcp offline_access"),
        ("offline_access", "mcp files offline_access"),
        ("files claudeai openid", "files"),
        ("openid profile", "mcp files offline_access"),
    ],
)
def test_a_refresh_may_narrow_the_scope_of_its_access_token(house: House, scope: str | None, granted: str) -> None:
    """RFC 6749 §6: narrower is fine, unknown names do not count, nor does offline_access alone; the grant stays."""
    connection = connect(house, scope="mcp files offline_access")
    answer = connection.refresh(scope=scope)
    assert " ".join(answer.scope) == granted
    assert _valid(house, answer.access_token).token.scope == tuple(granted.split())
    connection.tokens = answer
    assert " ".join(connection.refresh().scope) == "mcp files offline_access"


def test_offline_access_may_be_asked_for_though_it_was_not_granted(house: House) -> None:
    """Real clients add offline_access to every refresh; it is no wider scope."""
    connection = connect(house, scope="mcp")
    assert connection.refresh(scope="mcp offline_access").scope == ("mcp",)


@pytest.mark.parametrize("scope", ["mail", "mcp mail", "mcp files mail"])
def test_a_wider_scope_is_refused_and_rotates_nothing(house: House, scope: str) -> None:
    """RFC 6749 §6: scope must not grow; the client may try again with the token it holds."""
    connection = connect(house, scope="mcp files")
    row = connection.grant()
    with pytest.raises(InvalidScope):
        connection.refresh(scope=scope)
    assert connection.grant() == row
    connection.rotate()


def test_a_refresh_may_narrow_the_audience(house: House) -> None:
    """RFC 8707 §2.2: each access token for those of the granted resources that were asked for."""
    connection = connect(house, MCP, FILES)
    assert _valid(house, connection.tokens.access_token, MCP).token.audience == (MCP, FILES)
    for spelling in (MCP, MCP + "/"):
        narrow = connection.refresh(None, spelling)
        assert _valid(house, narrow.access_token, MCP).token.audience == (MCP,)
        assert validate(house, narrow.access_token, FILES) is None
    connection.tokens = narrow
    assert _valid(house, connection.refresh().access_token, FILES).token.audience == (MCP, FILES)


def test_a_server_wide_grant_may_be_narrowed_to_one_resource(house: House) -> None:
    """RFC 8707 §2.2: good for everything includes good for this one."""
    connection = connect(house)
    narrow = connection.refresh(None, MCP)
    assert _valid(house, narrow.access_token, MCP).token.audience == (MCP,)
    assert validate(house, narrow.access_token, FILES) is None
    assert validate(house, narrow.access_token, ISSUER) is None


@pytest.mark.parametrize(
    "resources",
    [
        ("https://elsewhere.example.com/",),
        (MCP, "https://elsewhere.example.com/"),
        (FILES,),
        (ISSUER,),
        (MCP, ISSUER),
        (MCP + "#part",),
        ("no uri",),
        (MCP + "/deeper",),
        ("https://mcp.example.com/",),
    ],
)
def test_a_resource_that_was_not_granted_is_refused_and_rotates_nothing(
    house: House, resources: tuple[str, ...]
) -> None:
    """RFC 8707 §2: invalid_target, and the client may try again with the token it holds."""
    connection = connect(house, MCP)
    row = connection.grant()
    with pytest.raises(InvalidTarget):
        connection.refresh(None, *resources)
    assert connection.grant() == row


@pytest.mark.parametrize("spelling", ["https://MCP.example.com/mcp", "https://mcp.example.com:443/mcp"])
def test_another_spelling_of_a_granted_resource_is_the_granted_one(house: House, spelling: str) -> None:
    """Compared after normalising, answered in the spelling that was granted."""
    connection = connect(house, MCP)
    assert _valid(house, connection.refresh(None, spelling).access_token, MCP).token.audience == (MCP,)


def test_a_spent_token_ends_the_grant_whatever_else_is_wrong_with_the_request(house: House) -> None:
    """RFC 9700 §4.14.2: a wider scope beside it does not hide a reuse."""
    connection = connect(house, scope="mcp")
    spent = connection.refresh_token
    connection.rotate()
    house.clock.advance(121)
    assert refusal_of(house, refreshing(connection.client.client_id, spent, scope="mail")) == "InvalidGrant"
    assert connection.is_dead()
