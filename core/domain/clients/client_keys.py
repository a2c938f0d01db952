"""Public keys of clients (RFC 7517): which may be kept, and which algorithms each of them is good for.

One key, a short list of algorithms, made from the key itself: the header of an assertion chooses among those and
nothing else (RFC 8725 §3.1).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

#: RFC 8414 "token_endpoint_auth_signing_alg_values_supported".
SIGNING_ALGORITHMS = ("ES256", "RS256", "PS256", "EdDSA")
#: RFC 7518 §6: what only a private key, or a shared one, has.
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_MOST_KEYS = 16
_LONGEST = 48 * 1024
_LEAST_RSA_BITS, _MOST_RSA_BITS = 2048, 8192
_PUBLIC_MEMBERS = ("kty", "crv", "x", "y", "n", "e", "kid", "alg")


class KeysRefused(Exception):
    """What was given holds no key that can be used; says why."""


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A public key that signs a client's assertions."""

    #: RFC 7517 "kid"; empty where it has none.
    key_id: str
    algorithms: tuple[str, ...]
    public_key: Any


@lru_cache(maxsize=256)
def load_keys(jwks: str) -> tuple[ClientKey, ...]:
    """The keys of a JWK Set that `parse_keys` wrote."""
    return tuple(_read_key(jwk) for jwk in json.loads(jwks)["keys"])


def parse_keys(text: str) -> str:
    """The JWK Set to keep, of a JWK Set, one JWK, or one public key in PEM: what is public, and only what can be used.

    Raises:
        KeysRefused: there is none, or one that is private, weak, or of another kind.
    """
    if len(text) > _LONGEST:
        raise KeysRefused("they are larger than 48 KiB")
    if text.lstrip().startswith("-----BEGIN"):
        return _write([_jwk_of_pem(text)])
    keys = _find_keys(text)
    kept = []
    for jwk in keys:
        if PRIVATE_MEMBERS & jwk.keys():
            raise KeysRefused("there is a private or shared key among them: give the public ones")
        if jwk.get("use", "sig") == "sig":
            _read_key(jwk)
            kept.append(jwk)
    return _write(kept)


def parse_fetched_keys(text: str) -> str:
    """As `parse_keys`, of what a client serves: a key that cannot be used is passed over, as other readers may use it.

    Raises:
        KeysRefused: there is no key that can be used, or a private one.
    """
    if len(text) > _LONGEST:
        raise KeysRefused("they are larger than 48 KiB")
    kept = []
    for jwk in _find_keys(text):
        if PRIVATE_MEMBERS & jwk.keys():
            raise KeysRefused("there is a private or shared key among them, which everybody can read")
        try:
            _read_key(jwk)
        except KeysRefused:
            continue
        if jwk.get("use", "sig") == "sig":
            kept.append(jwk)
    return _write(kept)


def _find_keys(text: str) -> list[dict[str, Any]]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise KeysRefused("they are neither JSON nor PEM") from None
    keys = body.get("keys", [body]) if isinstance(body, dict) else None
    if not isinstance(keys, list) or not all(isinstance(jwk, dict) for jwk in keys):
        raise KeysRefused("they are neither a JWK nor a JWK Set")
    if len(keys) > _MOST_KEYS:
        raise KeysRefused(f"there are more than {_MOST_KEYS}")
    return keys


def _write(keys: list[dict[str, Any]]) -> str:
    if not keys:
        raise KeysRefused("there is no public key for signatures among them")
    public = [{name: jwk[name] for name in _PUBLIC_MEMBERS if name in jwk} for jwk in keys]
    return json.dumps({"keys": public}, separators=(",", ":"))


def _jwk_of_pem(text: str) -> dict[str, Any]:
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise KeysRefused("the PEM holds no public key") from None
    if isinstance(key, EllipticCurvePublicKey):
        return jwt.algorithms.ECAlgorithm.to_jwk(key, as_dict=True)
    if isinstance(key, RSAPublicKey):
        return {name: value for name, value in jwt.algorithms.RSAAlgorithm.to_jwk(key, as_dict=True).items()
                if name in _PUBLIC_MEMBERS}  # fmt: skip
    if isinstance(key, Ed25519PublicKey):
        return jwt.algorithms.OKPAlgorithm.to_jwk(key, as_dict=True)
    raise KeysRefused("the PEM holds a key of another kind than RSA, P-256 and Ed25519")


def _read_key(jwk: Mapping[str, Any]) -> ClientKey:
    algorithms = _algorithms_of(jwk)
    key_id = jwk.get("kid", "")
    if not isinstance(key_id, str) or len(key_id) > 256:
        raise KeysRefused("a kid is not text of at most 256 characters")
    try:
        public_key = jwt.PyJWK(cast(Any, jwk), algorithms[0]).key
    except (jwt.PyJWTError, ValueError, TypeError):
        raise KeysRefused(f"a {jwk.get('kty')} key in them is malformed") from None
    if isinstance(public_key, RSAPublicKey) and not _LEAST_RSA_BITS <= public_key.key_size <= _MOST_RSA_BITS:
        raise KeysRefused(f"an RSA key has {_LEAST_RSA_BITS} to {_MOST_RSA_BITS} bits (RFC 7518 section 3.3)")
    return ClientKey(key_id, algorithms, public_key)


def _algorithms_of(jwk: Mapping[str, Any]) -> tuple[str, ...]:
    """Those that the key is for by its kind, and by its own `alg` where it has one."""
    match (jwk.get("kty"), jwk.get("crv")):
        case ("EC", "P-256"):
            possible: tuple[str, ...] = ("ES256",)
        case ("OKP", "Ed25519"):
            possible = ("EdDSA",)
        case ("RSA", _):
            possible = ("RS256", "PS256")
        case _:
            raise KeysRefused("a key is of another kind than RSA, P-256 and Ed25519")
    own = jwk.get("alg")
    if own is None:
        return possible
    if own not in possible:
        raise KeysRefused(f"a key's alg is not one of {', '.join(SIGNING_ALGORITHMS)} that fits it")
    return (own,)
