"""ES256 (RFC 7518 §3.4): signing, verifying, and the public half as a JWK."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from jwt.utils import base64url_decode, base64url_encode

ALGORITHM = "ES256"
_ES256 = jwt.get_algorithm_by_name(ALGORITHM)
_ECDSA = ec.ECDSA(SHA256())
#: `json.dumps` makes an encoder for each text, where it is not the ordinary one.
_encode = json.JSONEncoder(separators=(",", ":")).encode


@lru_cache(maxsize=16)
def header_of(token_type: str, key_id: str) -> bytes:
    """The JOSE header that we write, encoded: the key and its algorithm are ours."""
    header = {"alg": ALGORITHM, "kid": key_id, "typ": token_type}
    return base64url_encode(_encode(header).encode())


@dataclass(frozen=True, slots=True)
class Signer:
    """One key, ready to sign."""

    key_id: str
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)

    def sign(self, claims: Mapping[str, object], token_type: str) -> str:
        """A compact JWS of the claims with header `typ` (RFC 7515 §3.1, §7.1)."""
        # The library's own `encode` checks and renders a header anew for each token, for as long as signing takes.
        payload = base64url_encode(_encode(claims).encode())
        signed = header_of(token_type, self.key_id) + b"." + payload
        # Two numbers of 32 bytes (RFC 7518 §3.4); the library's way there takes half as long as the signature.
        r, s = decode_dss_signature(self.private_key.sign(signed, _ECDSA))
        return (signed + b"." + base64url_encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))).decode()


def is_signature(text: bytes, signed: bytes, public_key: ec.EllipticCurvePublicKey) -> bool:
    """RFC 7518 §3.4. The decoder passes over what is not base64url, and no signature covers its own spelling."""
    try:
        signature = base64url_decode(text)
    except ValueError:
        return False
    return base64url_encode(signature) == text and _ES256.verify(signed, public_key, signature)


def load_public_key(jwk: str) -> ec.EllipticCurvePublicKey:
    """The key in a JWK that we wrote."""
    return cast(ec.EllipticCurvePublicKey, jwt.PyJWK.from_json(jwk, ALGORITHM).key)


def new_key_pair() -> tuple[ec.EllipticCurvePrivateKey, dict[str, str]]:
    """A key of its own, and the public half as a JWK.

    Its kid never begins with a dash: on a command line it would be taken for an option.
    """
    while True:
        private_key = ec.generate_private_key(ec.SECP256R1())
        jwk = public_jwk(private_key.public_key())
        if not jwk["kid"].startswith("-"):
            return private_key, jwk


def public_jwk(public_key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The public half as a JWK whose kid is its RFC 7638 thumbprint."""
    full = jwt.algorithms.ECAlgorithm.to_jwk(public_key, as_dict=True)
    required = {name: str(full[name]) for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(required, separators=(",", ":"), sort_keys=True).encode()
    thumbprint = urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()
    return {**required, "kid": thumbprint, "use": "sig", "alg": ALGORITHM}
