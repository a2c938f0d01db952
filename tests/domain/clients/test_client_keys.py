"""Public keys of clients: what is kept of them, and for which algorithms (RFC 7517, RFC 7518, RFC 8725 §3.1)."""

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from core.domain.clients.client_keys import KeysRefused, load_keys, parse_keys
from tests.assertions import KeyPair, a_key_pair

_ES256, _RSA = a_key_pair(), a_key_pair("PS256")
_WEAK = KeyPair("RS256", "weak", rsa.generate_private_key(65537, 1024))
_P384: dict[str, Any] = jwt.algorithms.ECAlgorithm.to_jwk(
    ec.generate_private_key(ec.SECP384R1()).public_key(), as_dict=True
)


def _without_alg(pair: KeyPair) -> dict[str, Any]:
    return {name: value for name, value in pair.jwk.items() if name != "alg"}


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256", "EdDSA"])
def test_one_key_one_algorithm(algorithm: str) -> None:
    """A JWK that says its alg is good for that alone, whatever else keys of its kind could do."""
    [key] = load_keys(parse_keys(a_key_pair(algorithm).jwks))

    assert key.algorithms == (algorithm,)
    assert key.key_id == "key-1"


@pytest.mark.parametrize(
    ("text", "algorithms"),
    [
        (json.dumps(_without_alg(_ES256)), ("ES256",)),
        (json.dumps(_without_alg(_RSA)), ("RS256", "PS256")),
        (_ES256.pem, ("ES256",)),
        (_RSA.pem, ("RS256", "PS256")),
        (a_key_pair("EdDSA").pem, ("EdDSA",)),
    ],
)
def test_a_key_that_does_not_say_is_good_for_its_kinds(text: str, algorithms: tuple[str, ...]) -> None:
    """From a JWK, a set or PEM; never for a shared secret's algorithm."""
    [key] = load_keys(parse_keys(text))

    assert key.algorithms == algorithms


def test_only_what_is_public_is_kept() -> None:
    """Members beyond the key's own, and keys for encryption, are left out."""
    encryption = {**_RSA.jwk, "kid": "enc", "use": "enc", "alg": "RSA-OAEP"}
    kept = json.loads(parse_keys(json.dumps({"keys": [{**_ES256.jwk, "x5u": "https://a.example/"}, encryption]})))

    assert [set(jwk) for jwk in kept["keys"]] == [{"kty", "crv", "x", "y", "kid", "alg"}]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "neither JSON nor PEM"),
        ("[]", "neither a JWK nor"),
        ('{"keys": []}', "no public key"),
        ('{"keys": [1]}', "neither a JWK nor"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "no public key"),
        (json.dumps({**_ES256.jwk, "d": "AQAB"}), "private"),
        (json.dumps({"kty": "oct", "k": "AQAB"}), "private"),
        (json.dumps({**_ES256.jwk, "alg": "HS256"}), "alg"),
        (json.dumps({**_ES256.jwk, "alg": "none"}), "alg"),
        (json.dumps({**_ES256.jwk, "alg": "RS256"}), "alg"),
        (json.dumps({**_ES256.jwk, "x": "AAAA"}), "malformed"),
        (json.dumps({**_ES256.jwk, "kid": 7}), "kid"),
        (json.dumps(_P384), "another kind"),
        (_WEAK.jwks, "2048"),
        (json.dumps({"keys": [_ES256.jwk] * 17}), "more than 16"),
        ("x" * 50_000, "48 KiB"),
    ],
)
def test_what_cannot_be_used_is_said(text: str, why: str) -> None:
    """An operator learns what to change; a private key is never taken in."""
    with pytest.raises(KeysRefused, match=why):
        parse_keys(text)
