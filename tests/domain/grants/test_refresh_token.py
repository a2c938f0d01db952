"""The verdict on a presented refresh token: rotated, replayed, reused, future or forged."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.errors import InvalidGrant
from core.domain.grants.grant import RevokeReason
from core.domain.tokens import grant_token
from core.domain.tokens.grant_token import TokenKind, format_grant_token
from tests.domain.house import DAY, House
from tests.domain.road import Connection, connect, refreshing, refusal_of, validate


def _token_of_generation(connection: Connection, generation: int) -> str:
    """What the server would have handed out for this generation."""
    grant = connection.grant()
    return format_grant_token(
        TokenKind.REFRESH_TOKEN,
        connection.house.master_keys,
        grant_id=grant.id,
        generation=generation,
        grant_secret=grant.secret,
    )


def test_a_refresh_hands_out_a_successor_and_a_new_access_token(house: House) -> None:
    """OAuth 2.1 §4.3.1: the refresh token of a public client is rotated at every use."""
    connection = connect(house)
    first = connection.tokens
    second = connection.rotate()
    assert second.refresh_token != first.refresh_token
    assert second.access_token != first.access_token
    assert connection.grant().generation == 2
    assert validate(house, first.access_token) is not None
    assert validate(house, second.access_token) is not None


@pytest.mark.parametrize("pause", [0, 1, 60, 119, 120])
def test_the_predecessor_gets_the_same_successor_within_the_window(house: House, pause: int) -> None:
    """RFC 9700 §4.14.2, README, Grants: current − 1, at most 120 s after the rotation, is a replay."""
    connection = connect(house)
    spent = connection.refresh_token
    successor = connection.rotate()
    row = connection.grant()
    house.clock.advance(pause)
    again = connection.refresh(spent)
    assert again.refresh_token == successor.refresh_token
    assert again.access_token != successor.access_token
    assert connection.grant() == row


@pytest.mark.parametrize("pause", [121, 3600, DAY])
def test_the_predecessor_ends_the_grant_after_the_window(house: House, pause: int) -> None:
    """RFC 9700 §4.14.2, README, Grants: current − 1 later than the window is reuse, and reuse ends the grant."""
    connection = connect(house)
    spent = connection.refresh_token
    connection.rotate()
    house.clock.advance(pause)
    with pytest.raises(InvalidGrant):
        connection.refresh(spent)
    assert connection.grant().revoke_reason is RevokeReason.REFRESH_TOKEN_REUSED
    assert connection.is_dead()


def test_a_replay_does_not_prolong_the_window(house: House) -> None:
    """README, Grants: a replay never moves rotated_at, so replays every minute end after two."""
    connection = connect(house)
    spent = connection.refresh_token
    connection.rotate()
    for _ in range(2):
        house.clock.advance(60)
        connection.refresh(spent)
    house.clock.advance(1)
    assert refusal_of(house, refreshing(connection.client.client_id, spent)) == "InvalidGrant"
    assert connection.is_dead()


@pytest.mark.parametrize("age", [2, 3, 5])
@pytest.mark.parametrize("restarted", [False, True])
def test_an_older_generation_ends_the_grant_even_within_the_window(house: House, age: int, restarted: bool) -> None:
    """The window covers one generation, not several; after a restart too (RFC 9700 §4.14.2)."""
    connection = connect(house)
    old = connection.refresh_token
    for _ in range(age):
        connection.rotate()
    if restarted:
        house.restart()
    assert refusal_of(house, refreshing(connection.client.client_id, old)) == "InvalidGrant"
    assert connection.is_dead()
    house.restart()
    assert connection.is_dead()


@pytest.mark.parametrize("ahead", [1, 2, 1000, 2**32 - 2])
def test_a_generation_of_the_future_changes_nothing(house: House, ahead: int) -> None:
    """README, Grants: above the current generation (a restored database) is refused, and the grant lives on."""
    connection = connect(house)
    row = connection.grant()
    future = _token_of_generation(connection, row.generation + ahead)
    assert refusal_of(house, refreshing(connection.client.client_id, future)) == "InvalidGrant"
    assert connection.grant() == row
    connection.rotate()


def test_generation_zero_is_never_a_refresh_token(house: House) -> None:
    """The code is generation 0: no refresh token of it was ever handed out, so it is no replay of the first one."""
    connection = connect(house)
    assert refusal_of(house, refreshing(connection.client.client_id, _token_of_generation(connection, 0))) != ""


def test_another_clients_refresh_token_is_refused_and_lives_on(house: House) -> None:
    """RFC 6749 §6: a refresh token is bound to the client it was issued to; the thief cannot end it either."""
    victim, thief = connect(house), connect(house)
    row = victim.grant()
    assert refusal_of(house, refreshing(thief.client.client_id, victim.refresh_token)) == "InvalidGrant"
    assert victim.grant() == row


def test_a_code_is_no_refresh_token_and_a_refresh_token_no_access_token(house: House) -> None:
    """Each artefact is good for its own endpoint alone (RFC 8725 §3.11)."""
    connection = connect(house)
    held = connection.refresh_token
    swapped = "thc_" + held[4:]
    for wrong in (swapped, connection.tokens.access_token, "thr_" + connection.tokens.access_token):
        assert refusal_of(house, refreshing(connection.client.client_id, wrong)) == "InvalidGrant"
    assert validate(house, held) is None
    connection.rotate()


def _with_checksum(body: str) -> str:
    return body + grant_token._checksum(body)


@pytest.mark.parametrize("offset", [0, 1, 2, 17, 18, 21, 22, 53])
def test_a_forged_payload_with_a_right_checksum_changes_nothing(house: House, offset: int) -> None:
    """README, Grants: a wrong tag is refused and ends nothing: it covers every part of the payload."""
    connection = connect(house)
    row, token = connection.grant(), connection.refresh_token
    payload = bytearray(urlsafe_b64decode(token[4:76]))
    payload[offset] ^= 1
    forged = _with_checksum("thr_" + urlsafe_b64encode(bytes(payload)).decode())
    assert refusal_of(house, refreshing(connection.client.client_id, forged)) == "InvalidGrant"
    assert connection.grant() == row


def test_a_token_has_one_spelling(house: House) -> None:
    """A token spelled in the other base64 alphabet, with a right checksum, is no token of this server."""
    for _ in range(64):
        connection = connect(house)
        body = connection.refresh_token[:76]
        other = body[:4] + body[4:].replace("-", "+").replace("_", "/")
        if other != body:
            break
    assert refusal_of(house, refreshing(connection.client.client_id, _with_checksum(other))) == "InvalidGrant"
    assert connection.grant().generation == 1


@pytest.fixture(scope="module")
def connection(house: House) -> Connection:
    """One grant for all the mutations."""
    return connect(house)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_one_change_cut_or_extension_is_refused_and_changes_nothing(
    house: House, connection: Connection, data: st.DataObject
) -> None:
    """CVE-2026-27840's class: a token that is not exactly the one handed out is none."""
    token = connection.refresh_token
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    changed = data.draw(
        st.sampled_from(
            [
                token[:place] + letter + token[place + 1 :],
                token[:place],
                token[place + 1 :],
                token[:place] + token[place + 1 :],
                token + letter,
                letter + token,
                token[:place] + letter + token[place:],
            ]
        )
    )
    if changed != token:
        row = connection.grant()
        assert refusal_of(house, refreshing(connection.client.client_id, changed)) == "InvalidGrant"
        assert connection.grant() == row


def test_a_token_of_another_server_is_refused(house: House) -> None:
    """A tag made with another secret, or for a grant that is not here, proves nothing."""
    connection = connect(house)
    grant = connection.grant()
    stranger = replace(grant, id=secrets.token_bytes(16), secret=secrets.token_bytes(32))
    for grant_id, secret in ((grant.id, stranger.secret), (stranger.id, grant.secret)):
        forged = format_grant_token(
            TokenKind.REFRESH_TOKEN, house.master_keys, grant_id=grant_id, generation=1, grant_secret=secret
        )
        assert refusal_of(house, refreshing(connection.client.client_id, forged)) == "InvalidGrant"
    connection.rotate()
