"""Programs that ask for themselves (RFC 6749 §4.4): what they get, what ends it, and that nothing of it is kept."""

from collections.abc import Callable
from contextlib import closing

import pytest

from core.domain.clients.authentication import ClientCredentials
from core.domain.clients.client import Client
from core.domain.errors import InvalidClient, InvalidRequest
from core.store.sqlite.database import connect_writer
from core.store.sqlite.folder import DATABASE
from tests.domain.house import FILES, ISSUER, MCP, House
from tests.domain.road import (
    a_client,
    a_confidential_client,
    a_program,
    asking_for_itself,
    connect,
    refusal_of,
    validate,
)


def _token(house: House, client: Client, secret: str, *resources: str) -> str:
    return house.tokens.issue(asking_for_itself(client.client_id, secret, *resources)).access_token


def _revoke(house: House, client: Client, secret: str, token: str) -> bool:
    return house.revocation.revoke(token, ClientCredentials(client.client_id, secret, "client_secret_basic"))


def test_a_token_of_its_own(house: House) -> None:
    """RFC 6749 §4.4.3, RFC 9068 §2.2: the subject is the client, nobody's name or groups come along, and there is no
    refresh token."""
    client, secret = a_program(house)
    answer = house.tokens.issue(asking_for_itself(client.client_id, secret, MCP, scope="files"))
    valid = validate(house, answer.access_token, MCP)

    assert (answer.refresh_token, answer.scope, answer.expires_in, answer.verdict) == (None, ("files",), 3600, "issued")
    assert valid is not None
    assert (valid.token.subject, valid.token.client_id) == (client.client_id, client.client_id)
    assert (valid.user.username, valid.user.groups, valid.user.active) == ("", (), True)
    assert validate(house, answer.access_token, FILES) is None
    house.restart()
    assert validate(house, answer.access_token, MCP) is not None
    house.clock.advance(3600)
    assert validate(house, answer.access_token, MCP) is None


def test_without_a_resource_it_is_server_wide(house: House) -> None:
    """As everywhere else (RFC 8707 §2): the issuer is its audience."""
    client, secret = a_program(house)

    valid = validate(house, _token(house, client, secret), MCP)

    assert valid is not None
    assert valid.token.audience == (ISSUER,)


@pytest.mark.parametrize(
    ("scope", "got"),
    [
        (None, ("mcp", "files")),
        ("files mcp", ("files", "mcp")),
        ("mail", None),
        ("mcp mail", None),
        ("mcp unknown", None),
        ("mcp offline_access", None),
        ("MCP", None),
    ],
)
def test_only_listed_scopes(house: House, scope: str | None, got: tuple[str, ...] | None) -> None:
    """CVE-2024-52287, RFC 6749 §3.3: anything else is invalid_scope, and nothing is left out in silence."""
    client, secret = a_program(house)
    request = asking_for_itself(client.client_id, secret, scope=scope)

    if got is None:
        assert refusal_of(house, request) == "InvalidScope"
    else:
        assert house.tokens.issue(request).scope == got


def test_a_scope_that_the_server_no_longer_knows_is_not_given(house: House) -> None:
    """What a setting has taken away is away for programs, too."""
    client, secret = a_program(house)
    with house.under(scopes=tuple(scope for scope in house.policy.current.scopes if scope.name != "files")):
        assert house.tokens.issue(asking_for_itself(client.client_id, secret)).scope == ("mcp",)
        assert refusal_of(house, asking_for_itself(client.client_id, secret, scope="files")) == "InvalidScope"


def test_a_privileged_scope_has_to_be_named(house: House) -> None:
    """OAuth.PrivilegedScope: nobody gets it by default, though it is listed; and who names it does."""
    client, secret = a_program(house)
    alone, its_secret = a_program(house, scope=("files",))
    with house.under(privileged_scopes=frozenset({"files"})):
        assert house.tokens.issue(asking_for_itself(client.client_id, secret)).scope == ("mcp",)
        assert house.tokens.issue(asking_for_itself(client.client_id, secret, scope="files")).scope == ("files",)
        assert refusal_of(house, asking_for_itself(alone.client_id, its_secret)) == "InvalidScope"


def test_only_who_was_registered_for_it(house: House) -> None:
    """Row 24 of the reply table: unauthorized_client for a public client, and for one that has another grant type."""
    public = a_client(house)
    portal, secret = a_confidential_client(house, scope=("mcp",))

    assert refusal_of(house, asking_for_itself(public.client_id, None, method="none")) == "UnauthorizedClient"
    assert refusal_of(house, asking_for_itself(portal.client_id, secret)) == "UnauthorizedClient"


@pytest.mark.parametrize("resource", ["no uri", "https://a.example/#x", "http://a.example/"])
def test_only_resources_that_are_some(house: House, resource: str) -> None:
    """Row 26: invalid_target."""
    client, secret = a_program(house)

    assert refusal_of(house, asking_for_itself(client.client_id, secret, resource)) == "InvalidTarget"


def test_a_token_for_many_resources_is_good_after_a_restart(house: House) -> None:
    """RFC 8707 §2: 3,072 characters in one request, so that no token is too long to be read; more is invalid_target."""
    client, secret = a_program(house)
    resources = tuple(f"https://{number:02}.example.com/{'x' * 169}" for number in range(16))
    token = _token(house, client, secret, *resources)
    house.restart()

    assert validate(house, token, resources[-1]) is not None
    longer = asking_for_itself(client.client_id, secret, *resources[1:], resources[0] + "x")
    assert refusal_of(house, longer) == "InvalidTarget"


_ENDS: dict[str, Callable[[House, str], object]] = {
    "revoked": lambda house, client_id: house.clients.revoke_tokens(client_id),
    "blocked": lambda house, client_id: house.clients.block(client_id),
    "deleted": lambda house, client_id: house.clients.delete(client_id),
}


@pytest.mark.parametrize("end", _ENDS)
def test_what_ends_a_client_ends_its_tokens(house: House, end: str) -> None:
    """CVE-2023-0091: at once, after a restart too, and unblocking revives nothing; another client's stay."""
    client, secret = a_program(house)
    other, other_secret = a_program(house)
    token, others = _token(house, client, secret), _token(house, other, other_secret)
    _ENDS[end](house, client.client_id)

    assert validate(house, token) is None
    assert validate(house, others) is not None
    house.restart()
    assert validate(house, token) is None
    if end == "blocked":
        assert refusal_of(house, asking_for_itself(client.client_id, secret)) == "InvalidClient"
        house.clients.unblock(client.client_id)
        assert validate(house, token) is None
    if end != "deleted":
        assert validate(house, _token(house, client, secret)) is not None


def test_a_program_revokes_its_own_token_alone(house: House) -> None:
    """RFC 7009 §2.1: the one that is named; once, so that asking again writes nothing; another client's not at all."""
    client, secret = a_program(house)
    other, other_secret = a_program(house)
    token, sibling = _token(house, client, secret), _token(house, client, secret)

    assert not _revoke(house, other, other_secret, token)
    assert validate(house, token) is not None
    assert _revoke(house, client, secret, token)
    assert not _revoke(house, client, secret, token)
    assert validate(house, token) is None
    assert validate(house, sibling) is not None
    house.restart()
    assert validate(house, token) is None


def test_a_users_token_is_no_clients(house: House) -> None:
    """A connected user's token stays that user's where its client asks for itself, too."""
    client, secret = a_confidential_client(
        house, grant_types=("authorization_code", "client_credentials"), scope=("mcp",)
    )
    own = validate(house, _token(house, client, secret))
    public = connect(house)

    assert own is not None
    assert own.token.of_client
    users = validate(house, public.tokens.access_token)
    assert users is not None
    assert not users.token.of_client
    assert users.user.username == public.user.username


def test_a_block_that_comes_first_counts(house: House) -> None:
    """The look at the client and its end are in one order: a token made after the block would outlive it."""
    client, secret = a_program(house)
    request = asking_for_itself(client.client_id, secret)
    _, intent = house.tokens._begin(request, house.policy.current, {})
    house.clients.block(client.client_id)

    with pytest.raises(InvalidClient):
        house.store.write(intent)


def test_nothing_of_it_is_kept(house: House) -> None:
    """A hundred tokens leave the database as it was, but for when the client was last used."""

    def rows() -> dict[str, int]:
        with closing(connect_writer(house.folder / DATABASE)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
            counted = {}
            for (table,) in tables:
                [(counted[table],)] = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchall()  # noqa: S608 - its own names
            return counted

    client, secret = a_program(house)
    before = rows()
    for outcome in house.tokens.issue_all([asking_for_itself(client.client_id, secret) for _ in range(100)]):
        assert not isinstance(outcome, Exception)
    assert rows() == before
    assert house.clients.get(client.client_id).last_used_at == house.clock.now()
    assert (
        house.grants.list(username="", client_id=client.client_id, include_ended=True, limit=9, page_token="")[0] == []
    )


def test_a_request_without_an_attempt_is_none(house: House) -> None:
    """The pipeline's first step holds for every grant type."""
    client, secret = a_program(house)
    request = asking_for_itself(client.client_id, secret, attempt_id=b"short")

    with pytest.raises(InvalidRequest):
        house.tokens.issue(request)
