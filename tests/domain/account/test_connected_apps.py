"""What a user has connected, and ending it."""

import pytest

from core.domain.account.connected_apps import MOST_APPS, ConnectedApp
from core.domain.errors import LoginRequired
from core.domain.users.user import User
from tests.domain.house import FILES, MCP, House
from tests.domain.road import (
    REDIRECT_URI,
    Connection,
    a_client,
    a_code,
    a_session,
    connect,
    refreshing,
    refusal_of,
    validate,
)


def _list(house: House, user: User) -> list[ConnectedApp]:
    return list(house.account.apps.list(user)[0])


def _is_alive(connection: Connection) -> bool:
    request = refreshing(connection.client.client_id, connection.refresh_token)
    refreshed = refusal_of(connection.house, request) == ""
    return refreshed or validate(connection.house, connection.tokens.access_token) is not None


def test_an_app_is_told_once_with_all_that_its_installations_may(house: House, user: User) -> None:
    """Installations are one client with a grant each; what any of them may do, and where, is what the app may."""
    client = a_client(house)
    first = house.clock.now()
    connect(house, client=client, user=user)
    house.clock.advance(100)
    a_code(house, client, user, MCP, FILES, scope="files mcp")
    [app] = _list(house, user)

    assert (app.client, app.installs) == (house.clients.get(client.client_id), 2)
    assert app.redirect_uri == REDIRECT_URI
    assert (app.connected_at, app.last_used_at) == (first, first + 100)
    assert {scope.name for scope in app.scopes} == {"mcp", "files"}
    assert [scope.description for scope in app.scopes if scope.name == "files"] == ["Read your files"]
    assert set(app.resources) == {MCP, FILES}
    assert app.everywhere


def test_what_was_used_last_comes_first(house: House, user: User) -> None:
    """A refresh is a use."""
    older, newer = connect(house, user=user), connect(house, user=user)
    house.clock.advance(1000)
    older.rotate()

    assert [app.client_id for app in _list(house, user)] == [older.client.client_id, newer.client.client_id]
    assert _list(house, user)[0].last_used_at == house.clock.now()


def test_a_page_holds_so_many_apps_and_says_how_many_come_after(house: House, user: User) -> None:
    """However many somebody has connected, one answer stays small; each app is on one page."""
    connections = [connect(house, user=user) for _ in range(MOST_APPS + 2)]
    first, more = house.account.apps.list(user)
    rest, none = house.account.apps.list(user, skip=MOST_APPS)

    assert (len(first), more, len(rest), none) == (MOST_APPS, 2, 2, 0)
    assert {app.client_id for app in [*first, *rest]} == {each.client.client_id for each in connections}
    assert house.account.apps.list(user, skip=MOST_APPS + 2) == ([], 0)


def test_what_has_ended_or_is_somebody_elses_is_not_told(house: House, user: User) -> None:
    """Only grants that can still be used are connections."""
    ended, others = connect(house, user=user), connect(house)
    house.grants.revoke(ended.grant().id.hex())

    assert _list(house, user) == []
    assert [app.client_id for app in _list(house, others.user)] == [others.client.client_id]
    house.clock.advance(house.policy.current.refresh_token_lifetime)
    assert _list(house, others.user) == []


def test_more_connections_than_one_read_brings(house: House, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, each is counted once."""
    monkeypatch.setattr("core.domain.account.connected_apps._PAGE", 2)
    client, other = a_client(house), a_client(house)
    for _ in range(4):
        a_code(house, client, user)
    a_code(house, other, user)

    assert {app.client_id: app.installs for app in _list(house, user)} == {client.client_id: 4, other.client_id: 1}


def test_one_app_is_disconnected_with_every_installation(house: House, user: User) -> None:
    """RFC 7009 §2.1 for all of them at once; neither another app of the user nor another user of the app is touched."""
    client = a_client(house)
    gone = [connect(house, client=client, user=user) for _ in range(3)]
    kept = [connect(house, client=client), connect(house, user=user)]
    session = a_session(house, user)

    assert house.account.apps.disconnect(client.client_id, session_token=session) == 3
    assert [_is_alive(connection) for connection in gone] == [False] * 3
    assert [_is_alive(connection) for connection in kept] == [True, True]
    assert house.account.apps.disconnect(client.client_id, session_token=session) == 0
    assert house.account.apps.disconnect("nobody", session_token=session) == 0


def test_all_apps_are_disconnected(house: House, user: User) -> None:
    """Everything of this user, and nothing of anybody else."""
    gone, kept = [connect(house, user=user) for _ in range(2)], connect(house)

    assert house.account.apps.disconnect_all(session_token=a_session(house, user)) == 2
    assert [_is_alive(connection) for connection in gone] == [False, False]
    assert _is_alive(kept)
    assert _list(house, user) == []


def test_a_session_that_has_ended_ends_nothing(house: House, user: User) -> None:
    """The session is looked at in the transaction that ends: one that a new password took away just before is too
    late, though it was still there when the form came."""
    connection = connect(house, user=user)
    session = a_session(house, user)
    looked_at = house.account.page.require_user(session)
    house.logins.log_out(session)

    with pytest.raises(LoginRequired):
        house.store.write(lambda tx: house.account.page.require_live(tx, session, looked_at))
    for end in (house.account.apps.disconnect_all, lambda **s: house.account.apps.disconnect("x", **s)):
        for token in (session, "", "unknown"):
            with pytest.raises(LoginRequired):
                end(session_token=token)
    assert _is_alive(connection)
