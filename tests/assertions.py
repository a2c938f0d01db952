"""Key pairs of clients, and the assertions that they sign (RFC 7523 §2.2)."""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass(frozen=True)
class KeyPair:
    """One that signs with one algorithm."""

    algorithm: str
    key_id: str
    private_key: Any = field(repr=False)

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half."""
        algorithm: Any = jwt.get_algorithm_by_name(self.algorithm)
        jwk: dict[str, Any] = algorithm.to_jwk(self.private_key.public_key(), as_dict=True)
        return {**jwk, "kid": self.key_id, "use": "sig", "alg": self.algorithm}

    @property
    def jwks(self) -> str:
        """A JWK Set with it alone."""
        return json.dumps({"keys": [self.jwk]})

    @property
    def pem(self) -> str:
        """The public half as OpenSSL writes it."""
        public_key = self.private_key.public_key()
        return str(public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())

    def sign(self, client_id: str, audience: Any, now: int, /, **changes: Any) -> str:
        """An assertion; None leaves a claim out, `header` is put into its header, None again leaving out."""
        changed = {"alg": self.algorithm, "kid": self.key_id, **changes.pop("header", {})}
        header = {name: value for name, value in changed.items() if value is not None}
        good = {"iss": client_id, "sub": client_id, "aud": audience, "jti": secrets.token_urlsafe(16)}
        claims = {**good, "iat": now, "exp": now + 60, **changes}
        present = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(present, self.private_key, self.algorithm, headers=header)


def a_key_pair(algorithm: str = "ES256", key_id: str = "key-1") -> KeyPair:
    """A new one."""
    made: Any
    if algorithm == "ES256":
        made = ec.generate_private_key(ec.SECP256R1())
    elif algorithm == "EdDSA":
        made = ed25519.Ed25519PrivateKey.generate()
    else:
        made = rsa.generate_private_key(65537, 2048)
    return KeyPair(algorithm, key_id, made)
