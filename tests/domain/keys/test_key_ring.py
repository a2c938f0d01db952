"""Signing keys: one signs, the published ones verify, and none is worth anything without the master key."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from core.domain.errors import FailedPrecondition
from core.domain.keys.es256 import new_key_pair
from core.domain.keys.master_key import MasterKeys
from core.domain.keys.signing_key import KeyState
from core.domain.randomness import SystemRandomness
from core.domain.tokens.access_token import LONGEST_LIFETIME
from core.store.master_key_file import MasterKeyFile, MasterKeyFromEnvironment
from tests.domain.house import House
from tests.domain.road import a_client, a_code, a_user, asked, connect, redeeming, refusal_of, start, validate

PUBLIC_MEMBERS = {"kty", "crv", "x", "y", "kid", "use", "alg"}


def _published(house: House) -> list[dict[str, str]]:
    keys: list[dict[str, str]] = json.loads(house.keys.jwks())["keys"]
    return keys


def test_the_jwk_set_holds_public_keys_alone(house: House) -> None:
    """RFC 7517 §5, RFC 7518 §6.2.1: ES256, a thumbprint for a kid, no private member."""
    for key in _published(house):
        assert set(key) == PUBLIC_MEMBERS
        assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")


def test_no_kid_is_an_option_on_a_command_line() -> None:
    """`tokenhouse keys withdraw -h…` would print its help; one thumbprint in 64 begins with a dash (RFC 7638 §3)."""
    assert not [jwk["kid"] for _, jwk in (new_key_pair() for _ in range(1000)) if jwk["kid"].startswith("-")]


@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_a_rotation_keeps_old_tokens_good_until_they_expire(house: House, restarted: bool) -> None:
    """RFC 7517: both keys are published until no token of the old one can live; then the old one leaves."""
    with house.under(access_token_lifetime=LONGEST_LIFETIME):
        old = connect(house).tokens.access_token
        before = {key["kid"] for key in _published(house)}
        rotated = house.keys.rotate(longest_token=LONGEST_LIFETIME)
        new = connect(house).tokens.access_token
    if restarted:
        house.restart()
    assert {key["kid"] for key in _published(house)} == before | {rotated.key_id}
    assert _published(house)[0]["kid"] == rotated.key_id
    assert validate(house, old) is not None
    assert validate(house, new) is not None
    house.clock.advance(LONGEST_LIFETIME - 1)
    assert validate(house, old) is not None
    house.clock.advance(1)
    assert validate(house, old) is None
    assert [key["kid"] for key in _published(house)] == [rotated.key_id]
    house.store.purge(now=house.clock.now(), limit=100)
    house.restart()
    assert [key["kid"] for key in _published(house)] == [rotated.key_id]


def test_a_token_of_a_key_that_left_is_refused_even_if_it_has_not_expired(house: House) -> None:
    """Only a published key verifies; what memory still holds ends with its own exp."""
    token = connect(house).tokens.access_token
    house.keys.rotate(longest_token=10)
    house.restart()
    assert validate(house, token) is not None
    house.restart()
    house.clock.advance(10)
    assert validate(house, token) is None


def test_rotations_in_one_second_keep_their_order(house: House) -> None:
    """The newest signs, and every one is published."""
    kids = [house.keys.rotate(longest_token=3600).key_id for _ in range(4)]
    assert house.keys.signer.key_id == kids[-1]
    house.restart()
    assert house.keys.signer.key_id == kids[-1]
    assert set(kids) <= {key["kid"] for key in _published(house)}
    assert [key.state for key in house.keys.list_keys()].count(KeyState.SIGNING) == 1


def test_another_master_key_opens_nothing(house: House) -> None:
    """A database without its master key signs nothing: refused with one line that says why."""
    keys = house.master_keys
    house.close()
    house.master_keys = MasterKeys({1: bytes(32)}, house.randomness)
    try:
        with pytest.raises(FailedPrecondition, match="master key does not open"):
            house.open()
        house.close()
    finally:
        house.master_keys = keys
        house.open()
    connect(house)


def test_no_private_key_is_in_the_database(house: House) -> None:
    """A copy of the database holds no private key in any form, wrapped ones apart."""
    house.keys.rotate(longest_token=3600)
    signer = house.keys.signer.private_key
    number = signer.private_numbers().private_value.to_bytes(32, "big")
    der = signer.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    pem = signer.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    stored = b"".join(file.read_bytes() for file in house.folder.iterdir() if file.is_file())
    assert house.keys.signer.key_id.encode() in stored
    for secret in (number, number.hex().encode(), der, pem, b"PRIVATE KEY", b'"d":'):
        assert secret not in stored


def test_no_token_is_in_the_database(house: House) -> None:
    """README, Grants: codes, refresh tokens and access tokens are derived or signed, never stored."""
    client, user = a_client(house), a_user(house)
    code = a_code(house, client, user)
    tokens = house.tokens.issue(redeeming(client.client_id, code))
    assert tokens.refresh_token is not None
    stored = b"".join(file.read_bytes() for file in house.folder.iterdir() if file.is_file())
    for secret in (code, code[4:40], tokens.refresh_token, tokens.refresh_token[-38:], tokens.access_token[-86:]):
        assert secret.encode() not in stored


@dataclass
class Rotating:
    """A house, and the file that keeps its master keys."""

    house: House
    file: MasterKeyFile

    def rotate(self) -> int:
        """`tokenhouse keys rotate --master`."""
        house = self.house
        return house.key_administration(self.file).rotate_master_key()

    def restart(self) -> None:
        """Start again with what is in the file."""
        keys = self.file.load(self.house.randomness, may_create=False)
        self.house.close()
        self.house.master_keys = MasterKeys(keys, self.house.randomness)
        self.house.open()


@pytest.fixture
def rotating(tmp_path: Path) -> Iterator[Rotating]:
    """A house of its own, whose master key is in a file."""
    file = MasterKeyFile(tmp_path / "master.key")
    randomness = SystemRandomness()
    house = House(tmp_path / "database", master_keys=MasterKeys(file.load(randomness, may_create=True), randomness))
    yield Rotating(house, file)
    house.close()


@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_a_new_master_key_ends_nothing(rotating: Rotating, restarted: bool) -> None:
    """README, Grants: the key id lets it rotate; codes, refresh tokens and open pages made with the old one go on."""
    house = rotating.house
    connection = connect(house)
    client, user = a_client(house), a_user(house)
    code, page = a_code(house, client, user), house.seal.seal(asked(client), b"x" * 32)
    spent = connection.refresh_token
    assert rotating.rotate() == 2
    if restarted:
        rotating.restart()
    assert validate(house, connection.tokens.access_token) is not None
    assert refusal_of(house, redeeming(client.client_id, code)) == ""
    assert house.seal.require_open(page, b"x" * 32).parameters == tuple(asked(client))
    connection.rotate()
    assert connection.refresh_token[4:6] != spent[4:6]
    connection.refresh(spent)
    house.clock.advance(121)
    assert refusal_of(house, redeeming(client.client_id, code)) == "InvalidGrant"


def test_signing_keys_are_wrapped_anew(rotating: Rotating) -> None:
    """After a rotation the old master key alone opens no signing key of the database."""
    house = rotating.house
    house.keys.rotate(longest_token=3600)
    before = {key.key_id: key.wrapped_private_key for key in house.keys.list_keys()}
    rotating.rotate()
    for key in house.keys.list_keys():
        assert key.master_key_id == 2
        assert key.wrapped_private_key != before[key.key_id]
    rotating.restart()
    assert rotating.rotate() == 3
    connect(house)
    start(house, asked(a_client(house)))


def test_a_master_key_from_the_environment_is_the_operators_to_change(house: House) -> None:
    """key_admin.proto: FAILED_PRECONDITION, and nothing has changed."""
    administration = house.key_administration(MasterKeyFromEnvironment())
    with pytest.raises(FailedPrecondition):
        administration.rotate_master_key()
    assert house.master_keys.current_id == 1
