"""Access tokens that say everything a good one says, with any header and signed with anything but our key."""

import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.domain.house import House
from tests.domain.tokens.forging import claims_of, decode_part, encode_part, header_of

ALGORITHMS = ("none", "nOnE", "", "HS256", "HS512", "RS256", "ES256", "ES256K", "EdDSA", None, ["ES256"])
KIDS = ("ours", "another", "empty", "none")
SIGNATURES = ("nothing", "the genuine one", "a key of the forger's", "HMAC with our public key as PEM",
              "HMAC with our public key as DER", "HMAC with our JWK", "HMAC with nothing", "zeroes")  # fmt: skip
EXTRAS = ("plain", "jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "typ")


@dataclass(frozen=True)
class Forgery:
    """One token, and what is false about it."""

    algorithm: object
    kid: str
    signature: str
    extra: str
    token: str


def list_forgeries(house: House, token: str) -> Iterator[Forgery]:
    """Every algorithm × kid × signature × header, over the very claims of a good token."""
    kids = {"ours": {"kid": header_of(token)["kid"]}, "another": {"kid": "another"}, "empty": {"kid": ""}, "none": {}}
    signatures = _signatures(house, token)
    extras = _extras()
    payload = encode_part(json.dumps(claims_of(token)).encode())
    for algorithm, kid, extra in product(ALGORITHMS, KIDS, EXTRAS):
        header = {"typ": "at+jwt", "alg": algorithm, **kids[kid], **extras[extra]}
        signed = f"{encode_part(json.dumps(header).encode())}.{payload}"
        for signature in SIGNATURES:
            made = signatures[signature](signed.encode(), str(algorithm))
            yield Forgery(algorithm, kid, signature, extra, f"{signed}.{encode_part(made)}")


_OWN = ec.generate_private_key(ec.SECP256R1())
_ES256 = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256)


def _signatures(house: House, token: str) -> dict[str, Callable[[bytes, str], bytes]]:
    genuine = decode_part(token.split(".")[2])
    public_key = jwt.PyJWKSet.from_json(house.keys.jwks())[header_of(token)["kid"]].key
    pem = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    jwk = json.dumps(json.loads(house.keys.jwks())["keys"][0]).encode()
    return {
        "nothing": lambda _signed, _algorithm: b"",
        "the genuine one": lambda _signed, _algorithm: genuine,
        "a key of the forger's": lambda signed, _algorithm: _ES256.sign(signed, _OWN),
        "HMAC with our public key as PEM": _hmac(pem),
        "HMAC with our public key as DER": _hmac(der),
        "HMAC with our JWK": _hmac(jwk),
        "HMAC with nothing": _hmac(b""),
        "zeroes": lambda _signed, _algorithm: bytes(64),
    }


def _hmac(secret: bytes) -> Callable[[bytes, str], bytes]:
    return lambda signed, algorithm: hmac.digest(secret, signed, "sha512" if algorithm == "HS512" else "sha256")


def _extras() -> dict[str, dict[str, Any]]:
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(_OWN.public_key(), as_dict=True)
    return {
        "plain": {},
        "jwk": {"jwk": jwk},
        "jku": {"jku": "https://evil.example/jwks"},
        "x5u": {"x5u": "https://evil.example/certificate"},
        "x5c": {"x5c": ["MIIB"]},
        "crit": {"crit": ["exp"], "exp": 1},
        "b64": {"b64": False, "crit": ["b64"]},
        "zip": {"zip": "DEF"},
        "typ": {"typ": "JWT"},
    }
