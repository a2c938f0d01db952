"""Fifty at once: one code is redeemed once, one refresh token has one successor (CVE-2026-1035, RFC 9700 §4.5)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from core.domain.errors import InvalidGrant, Refusal
from core.domain.grants.token_request import TokenRequest, TokenResponse
from tests.domain.house import House
from tests.domain.road import Connection, a_client, a_code, a_user, connect, redeeming, refreshing

AT_ONCE = 50

Outcome = TokenResponse | Exception


def _by_threads(house: House, requests: list[TokenRequest]) -> list[Outcome]:
    """Each on a thread of its own, all let go at the same moment."""
    start = Barrier(len(requests))

    def present(request: TokenRequest) -> Outcome:
        start.wait()
        try:
            return house.tokens.issue(request)
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(present, requests))


def _in_one_batch(house: House, requests: list[TokenRequest]) -> list[Outcome]:
    return list(house.tokens.issue_all(requests))


WAYS = pytest.mark.parametrize("present", [_by_threads, _in_one_batch], ids=["threads", "batch"])
Present = Callable[[House, list[TokenRequest]], list[Outcome]]


@WAYS
def test_of_parallel_redemptions_one_wins_and_then_the_grant_is_dead(house: House, present: Present) -> None:
    """RFC 9700 §4.5, RFC 6749 §4.1.2: one 200; the second presentation ends what the first one got."""
    for _ in range(3):
        client, user = a_client(house), a_user(house)
        code = a_code(house, client, user)
        outcomes = present(house, [redeeming(client.client_id, code) for _ in range(AT_ONCE)])
        winners = [outcome for outcome in outcomes if isinstance(outcome, TokenResponse)]
        assert len(winners) == 1
        assert all(isinstance(outcome, InvalidGrant) for outcome in outcomes if outcome not in winners)
        assert Connection(house, client, user, winners[0]).is_dead()
    house.restart()
    assert Connection(house, client, user, winners[0]).is_dead()


@WAYS
def test_parallel_refreshes_of_one_token_all_get_the_same_successor(house: House, present: Present) -> None:
    """README, Grants: never two live successors; every process that shares the token goes on."""
    connection = connect(house)
    for _ in range(3):
        token = connection.refresh_token
        outcomes = present(house, [refreshing(connection.client.client_id, token) for _ in range(AT_ONCE)])
        answers = [outcome for outcome in outcomes if isinstance(outcome, TokenResponse)]
        assert len(answers) == AT_ONCE
        assert len({answer.refresh_token for answer in answers}) == 1
        assert len({answer.access_token for answer in answers}) == AT_ONCE
        connection.tokens = answers[0]
    assert connection.grant().generation == 4


def test_a_race_across_a_restart_has_one_successor(house: House) -> None:
    """The successor is derived, so a restart between two presentations changes nothing."""
    connection = connect(house)
    token = connection.refresh_token
    before = connection.refresh(token).refresh_token
    house.restart()
    assert connection.refresh(token).refresh_token == before


@WAYS
def test_a_refresh_that_races_a_revocation_never_leaves_a_live_token(house: House, present: Present) -> None:
    """An access token made just before the revocation is covered by it, whenever it was signed."""
    for _ in range(5):
        connection = connect(house)
        requests = [refreshing(connection.client.client_id, connection.refresh_token) for _ in range(8)]
        with ThreadPoolExecutor(1) as operator:
            ending = operator.submit(house.users.disable, connection.user.username)
            outcomes = present(house, requests)
            ending.result()
        for outcome in outcomes:
            if isinstance(outcome, TokenResponse):
                connection.tokens = outcome
                assert connection.is_dead()
            else:
                assert isinstance(outcome, InvalidGrant)
