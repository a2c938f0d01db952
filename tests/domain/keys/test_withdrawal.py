"""A key that somebody else may have: nothing that it signed counts, from the moment that this is acknowledged."""

import json
from collections.abc import Mapping

import pytest

from core.domain.errors import NotFound, StoreUnavailable
from core.domain.keys.es256 import Signer
from core.domain.keys.signing_key import KeyState
from core.domain.tokens.access_token import LONGEST_LIFETIME, TOKEN_TYPE
from core.domain.tokens.change import Change, ChangeKind
from tests.domain.house import House
from tests.domain.road import connect, validate


def published(house: House) -> set[str]:
    """The JWK Set."""
    return {key["kid"] for key in json.loads(house.keys.jwks())["keys"]}


def withdraw(house: House, key_id: str) -> str | None:
    """`tokenhouse keys withdraw`; the kid of what takes its place."""
    successor = house.key_administration().withdraw_signing_key(key_id)
    return None if successor is None else successor.key.key_id


def forge(house: House, token: str, **claims: object) -> str:
    """What somebody who has the key that signs makes of a token."""
    opened = house.keys.open(token, TOKEN_TYPE)
    assert opened is not None
    assert isinstance(opened[1], dict)
    return house.keys.signer.sign({**opened[1], **claims}, TOKEN_TYPE)


@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_the_key_that_signs(house: House, restarted: bool) -> None:
    """Its tokens are refused, remembered or not; another key signs at once; the refresh tokens are as good as ever."""
    connection = connect(house)
    remembered, key_id = connection.tokens.access_token, house.keys.signer.key_id
    unseen = forge(house, remembered, jti="other")
    successor = withdraw(house, key_id)
    if restarted:
        house.restart()
    assert house.keys.signer.key_id == successor
    assert key_id not in published(house)
    assert validate(house, remembered) is None
    assert validate(house, unseen) is None
    assert validate(house, connection.rotate().access_token) is not None


def test_the_key_that_signs_while_another_is_published(house: House) -> None:
    """That one signs, sooner than it would have; there is no third."""
    key_id, waiting = house.keys.signer.key_id, house.rotation.begin().key_id
    before = published(house)
    assert withdraw(house, key_id) == waiting == house.keys.signer.key_id
    assert house.keys.find_published() is None
    assert published(house) == before - {key_id}


def test_a_published_key(house: House) -> None:
    """It never signs; another one is published in its place, and waits as long as it would have from then on."""
    key_id, waiting = house.keys.signer.key_id, house.rotation.begin().key_id
    token = connect(house).tokens.access_token
    house.clock.advance(3599)
    another = withdraw(house, waiting)
    assert waiting not in published(house) >= {key_id, another}
    house.clock.advance(2)
    house.rotation.look()
    assert house.keys.signer.key_id == key_id
    house.clock.advance(3598)
    house.rotation.look()
    assert house.keys.signer.key_id == another
    assert validate(house, connect(house).tokens.access_token) is not None
    assert validate(house, token) is None


def test_a_retired_key(house: House) -> None:
    """Its tokens end, nothing takes its place, and the key that signs is left alone."""
    old, key_id = connect(house).tokens.access_token, house.keys.signer.key_id
    house.rotation.sign_at_once()
    new, signing = connect(house).tokens.access_token, house.keys.signer.key_id
    assert withdraw(house, key_id) is None
    assert house.keys.signer.key_id == signing
    assert validate(house, old) is None
    assert validate(house, new) is not None


def test_it_is_a_change_in_the_same_transaction(house: House) -> None:
    """Whoever watches learns of it with a number of its own; both are written or neither is."""
    key_id, before = house.keys.signer.key_id, house.store.current_revision()
    withdraw(house, key_id)
    [change] = house.store.list_changes(since=before, now=house.clock.now())
    assert (change.kind, change.target, change.revision) == (ChangeKind.KEY_WITHDRAWN, key_id, before + 1)
    signing, jwks = house.keys.signer.key_id, house.keys.jwks()
    house.store.close()
    with pytest.raises(StoreUnavailable):
        withdraw(house, signing)
    assert house.keys.signer.key_id == signing
    assert house.keys.jwks() == jwks
    house.open()
    assert house.store.current_revision() == before + 1
    assert house.keys.signer.key_id == signing


def test_who_sees_the_change_finds_the_key_nowhere(house: House) -> None:
    """changes.proto: the policy that comes with it no longer has the key."""
    seen: list[bool] = []
    key_id, announce = house.keys.signer.key_id, house.validation.apply

    def look(changes: list[Change]) -> None:
        announce(changes)
        seen.append(key_id in published(house) or house.keys.signer.key_id == key_id)

    house.validation.apply = look  # type: ignore[method-assign, assignment]
    withdraw(house, key_id)
    assert seen == [False]


def test_what_the_thief_dates_far_ahead_is_no_token(house: House) -> None:
    """None of ours lives longer than a day, so none outlives what is remembered of the withdrawal."""
    token = connect(house).tokens.access_token
    issued_at = house.clock.now()
    assert validate(house, forge(house, token, exp=issued_at + LONGEST_LIFETIME)) is not None
    assert validate(house, forge(house, token, exp=issued_at + LONGEST_LIFETIME + 1)) is None
    longest = forge(house, token, iat=issued_at + 60, exp=issued_at + 60 + LONGEST_LIFETIME, jti="longest")
    assert validate(house, longest) is not None
    withdraw(house, house.keys.signer.key_id)
    for _ in range(LONGEST_LIFETIME // 600 + 1):
        assert validate(house, longest) is None
        house.clock.advance(600)
        house.validation.forget_ended(now=house.clock.now())


def test_a_token_that_is_being_signed_is_signed_by_the_next_key(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is answered after the withdrawal gets a token that is good."""
    connection, sign, withdrawn = connect(house), Signer.sign, list[str]()

    def sign_slowly(signer: Signer, claims: Mapping[str, object], token_type: str) -> str:
        if not withdrawn:
            withdrawn.append(signer.key_id)
            withdraw(house, signer.key_id)
        return sign(signer, claims, token_type)

    monkeypatch.setattr(Signer, "sign", sign_slowly)
    token = connection.rotate().access_token
    assert withdrawn
    assert validate(house, token) is not None


@pytest.mark.parametrize("key_id", ["", "unknown", "withdrawn"])
def test_a_key_that_is_not_trusted_cannot_be_withdrawn(house: House, key_id: str) -> None:
    """NOT_FOUND, and nothing changes."""
    if key_id == "withdrawn":
        key_id = house.keys.signer.key_id
        withdraw(house, key_id)
    before = house.keys.list_keys()
    with pytest.raises(NotFound):
        withdraw(house, key_id)
    assert house.keys.list_keys() == before


def test_it_is_listed_for_a_week_without_its_private_half(house: House) -> None:
    """Operators see what happened; nobody can sign with it from a copy of the database and the master key."""
    key_id = house.keys.signer.key_id
    withdraw(house, key_id)
    for restarted in (False, True):
        if restarted:
            house.restart()
        [listed] = [each for each in house.key_administration().list() if each.key.key_id == key_id]
        assert (listed.key.state, listed.key.wrapped_private_key) == (KeyState.WITHDRAWN, b"")
        assert listed.state_since == house.clock.now()
