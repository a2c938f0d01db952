"""A code presented again: the facade's own retry gets the same answer, anybody else ends the grant."""

import secrets

import pytest

from core.domain.grants.grant import GrantState, RevokeReason
from tests.domain.grants.faults import FAULTS, issue
from tests.domain.house import House
from tests.domain.road import Connection, redeeming, validate

AGAIN = {
    "nothing": "InvalidGrant",
    "verifier missing": "InvalidGrant",
    "other client": "InvalidGrant",
    "redirect_uri elsewhere": "InvalidGrant",
    "unknown client": "InvalidClient",
    "a secret from a public client": "InvalidClient",
}


@pytest.mark.parametrize("pause", [0, 30, 61, 3600])
@pytest.mark.parametrize("fault", AGAIN)
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_a_code_presented_again_by_anyone_ends_the_grant(house: House, fault: str, pause: int, restarted: bool) -> None:
    """RFC 9700 §4.5, RFC 6749 §4.1.2: a genuine code presented twice revokes every token issued from it."""
    issued = issue(house)
    tokens = house.tokens.issue(redeeming(issued.client.client_id, issued.code))
    house.clock.advance(pause)
    if restarted:
        house.restart()
    if fault != "nothing":
        FAULTS[fault][0](issued)
    assert issued.present() == AGAIN[fault]
    assert issued.grant().revoke_reason is RevokeReason.CODE_REUSED
    assert Connection(house, issued.client, issued.user, tokens).is_dead()
    house.restart()
    assert Connection(house, issued.client, issued.user, tokens).is_dead()


@pytest.mark.parametrize(("pause", "refusal"), [(0, ""), (9, ""), (10, ""), (11, "InvalidGrant"), (60, "InvalidGrant")])
def test_the_same_attempt_gets_the_same_answer_for_ten_seconds(house: House, pause: int, refusal: str) -> None:
    """README, Grants: the facade's own retry after a lost reply is no second redemption; later it is one."""
    issued, attempt = issue(house), secrets.token_bytes(16)
    request = redeeming(issued.client.client_id, issued.code, attempt_id=attempt)
    first = house.tokens.issue(request)
    house.clock.advance(pause)
    assert issued.present(attempt_id=attempt) == refusal
    assert (validate(house, first.access_token) is None) == bool(refusal)
    if not refusal:
        again = house.tokens.issue(request)
        assert again.refresh_token == first.refresh_token
        house.grants.revoke(issued.grant().id.hex())
        assert [validate(house, each.access_token) for each in (first, again)] == [None, None]


@pytest.mark.parametrize("fault", ["verifier wrong", "other client", "redirect_uri elsewhere"])
def test_the_same_attempt_with_a_mismatch_is_no_retry(house: House, fault: str) -> None:
    """A retry repeats the request: whoever sends the attempt_id with something else is not the facade."""
    issued, attempt = issue(house), secrets.token_bytes(16)
    assert issued.present(attempt_id=attempt) == ""
    FAULTS[fault][0](issued)
    assert issued.present(attempt_id=attempt) == "InvalidGrant"
    assert issued.grant().state is GrantState.REVOKED


def test_the_same_attempt_after_a_refresh_is_no_retry(house: House) -> None:
    """README, Grants: once the client has used what it got, the reply cannot have been lost."""
    issued, attempt = issue(house), secrets.token_bytes(16)
    tokens = house.tokens.issue(redeeming(issued.client.client_id, issued.code, attempt_id=attempt))
    Connection(house, issued.client, issued.user, tokens).rotate()
    assert issued.present(attempt_id=attempt) == "InvalidGrant"
    assert issued.grant().state is GrantState.REVOKED
