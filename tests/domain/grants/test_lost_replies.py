"""Clients crash and lose replies; the session survives every way in which that can happen over six refreshes."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from core.domain.grants.grant import GrantState
from core.domain.grants.token_request import TokenResponse
from tests.domain.house import House
from tests.domain.road import (
    Connection,
    a_client,
    a_code,
    a_user,
    connect,
    grant_id_of,
    redeeming,
    refreshing,
    refusal_of,
)

REFRESHES = 6
SEQUENCES = list(product(("ok", "crash before", "reply lost"), repeat=REFRESHES))
#: Seconds between two tries: seven of them stay within the window.
PAUSE = 10


class Held:
    """One client's refresh token, and every successor the server has named for each token presented."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.token = connection.refresh_token
        self.successors: dict[str, set[str]] = {}

    def take(self, answer: TokenResponse | Exception, *, arrives: bool) -> None:
        """What the server did for the token held, and whether the client hears of it."""
        if isinstance(answer, TokenResponse):
            assert answer.refresh_token is not None
            self.successors.setdefault(self.token, set()).add(answer.refresh_token)
            if arrives:
                self.token = answer.refresh_token


def _connect_one_for_each_sequence(house: House) -> list[Held]:
    client, user = a_client(house), a_user(house)
    with ThreadPoolExecutor(32) as pool:
        codes = list(pool.map(lambda _: a_code(house, client, user), SEQUENCES))
    answers = house.tokens.issue_all([redeeming(client.client_id, code) for code in codes])
    tokens = [answer for answer in answers if isinstance(answer, TokenResponse)]
    assert len(tokens) == len(SEQUENCES)
    return [Held(Connection(house, client, user, each)) for each in tokens]


def _try_all(house: House, held: list[Held]) -> list[TokenResponse | Exception]:
    """Everybody refreshes at once, with the token they hold."""
    return house.tokens.issue_all([refreshing(one.connection.client.client_id, one.token) for one in held])


def _live_through(house: House, clients: list[Held]) -> int:
    """Play every sequence, then one refresh more that arrives; how many sessions are lost."""
    for step in range(REFRESHES):
        house.clock.advance(PAUSE)
        submitted = [(one, fate[step]) for one, fate in zip(clients, SEQUENCES, strict=True) if fate[step][0] != "c"]
        answers = _try_all(house, [one for one, _ in submitted])
        for (one, fate), answer in zip(submitted, answers, strict=True):
            one.take(answer, arrives=fate == "ok")
    house.clock.advance(PAUSE)
    last = _try_all(house, clients)
    for one, answer in zip(clients, last, strict=True):
        one.take(answer, arrives=True)
    return sum(isinstance(answer, Exception) for answer in last)


def test_no_lost_reply_and_no_crash_ever_costs_the_session(house: House) -> None:
    """All 729 sequences of {ok, crash before, committed but reply lost} keep one session (RFC 9700 §4.14.2)."""
    assert len(SEQUENCES) == 729
    clients = _connect_one_for_each_sequence(house)
    assert _live_through(house, clients) == 0
    for one in clients:
        assert all(len(successors) == 1 for successors in one.successors.values())
        grant = house.store.find_grant(grant_id_of(one.token))
        assert grant is not None
        assert grant.state is GrantState.ACTIVE


def test_a_token_that_works_strictly_once_loses_665_of_the_729(house: House) -> None:
    """With RefreshReuseWindow = 0 every lost reply ends the session: what the window is there for."""
    with house.under(refresh_reuse_window=0):
        clients = _connect_one_for_each_sequence(house)
        assert _live_through(house, clients) == 665


@pytest.mark.parametrize(("pause", "verdict"), [(0, "replayed"), (10, "replayed"), (11, "InvalidGrant")])
def test_a_reply_that_the_facade_has_lost_is_no_second_use(house: House, pause: int, verdict: str) -> None:
    """README, Grants: the facade's own retry gets the one successor again, also with RefreshReuseWindow = 0."""
    with house.under(refresh_reuse_window=0):
        connection = connect(house)
        request = refreshing(connection.client.client_id, connection.refresh_token, attempt_id=secrets.token_bytes(16))
        lost = house.tokens.issue(request)
        house.clock.advance(pause)
        if verdict == "InvalidGrant":
            assert refusal_of(house, request) == verdict
            return
        again = house.tokens.issue(request)
        assert (again.verdict, again.refresh_token) == (verdict, lost.refresh_token)
        assert connection.refresh(again.refresh_token).verdict == "rotated"


def test_the_retry_of_an_older_refresh_is_none(house: House) -> None:
    """RFC 9700 §4.14.2: a request that was answered before the last one is reuse, whoever marked it."""
    with house.under(refresh_reuse_window=0):
        connection = connect(house)
        request = refreshing(connection.client.client_id, connection.refresh_token, attempt_id=secrets.token_bytes(16))
        connection.refresh(house.tokens.issue(request).refresh_token)
        assert refusal_of(house, request) == "InvalidGrant"
        assert connection.is_dead()


def test_a_lost_session_is_lost_to_everybody(house: House) -> None:
    """RFC 9700 §4.14.2: where reuse ends a grant, the successor that somebody else holds is dead as well."""
    with house.under(refresh_reuse_window=0):
        one = Held(connect(house))
        stolen = one.connection.refresh()
        assert isinstance(_try_all(house, [one])[0], Exception)
        assert stolen.refresh_token is not None
        one.token = stolen.refresh_token
        assert isinstance(_try_all(house, [one])[0], Exception)
