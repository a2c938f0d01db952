"""The signing keys in use: one signs, the published ones verify (RFC 7517, RFC 7518 §3.4). One key, one algorithm."""

import hashlib
import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol, cast

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from jwt.utils import base64url_decode, base64url_encode

from core.domain.clock import Clock
from core.domain.errors import FailedPrecondition
from core.domain.keys.master_key import MasterKeys
from core.domain.keys.signing_key import KeyFacts, KeyIntents, SigningKey
from core.domain.writing import Writes

ALGORITHM = "ES256"
_ES256 = jwt.get_algorithm_by_name(ALGORITHM)
_WRAPPING = b"signing key"


@lru_cache(maxsize=16)
def _header(token_type: str, key_id: str) -> bytes:
    header = {"alg": ALGORITHM, "kid": key_id, "typ": token_type}
    return base64url_encode(json.dumps(header, separators=(",", ":")).encode())


class KeyStore(KeyFacts, Writes[KeyIntents], Protocol):
    """What the ring needs of a store."""


@dataclass(frozen=True, slots=True)
class _Ring:
    """The keys as of the last load; replaced whole."""

    signing: SigningKey
    private_key: ec.EllipticCurvePrivateKey
    public_keys: tuple[tuple[SigningKey, ec.EllipticCurvePublicKey], ...]


@dataclass(frozen=True, slots=True)
class Signer:
    """One key, ready to sign."""

    key_id: str
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)

    def sign(self, claims: Mapping[str, object], token_type: str) -> str:
        """A compact JWS of the claims with header `typ` (RFC 7515 §3.1, §7.1)."""
        # The library's own `encode` checks and renders a header anew for each token, for as long as signing takes.
        payload = base64url_encode(json.dumps(claims, separators=(",", ":")).encode())
        signed = _header(token_type, self.key_id) + b"." + payload
        return (signed + b"." + base64url_encode(_ES256.sign(signed, self.private_key))).decode()


class KeyRing:
    """Signs and verifies with the keys that the store holds; safe to use from any thread."""

    def __init__(self, store: KeyStore, master_keys: MasterKeys, clock: Clock) -> None:
        """Load the keys; make the first one where there is none."""
        self._store = store
        self._master_keys = master_keys
        self._clock = clock
        self._changing = threading.Lock()
        if not store.list_signing_keys(now=clock.now()):
            self._add(self._new_key(), previous_retire_at=0)
        self._ring = self._load()

    @property
    def signer(self) -> Signer:
        """The key that signs now."""
        ring = self._ring
        return Signer(ring.signing.key_id, ring.private_key)

    def open(self, token: str, token_type: str) -> tuple[str, object] | None:
        """The kid and the claims of a compact JWS, if `Signer.sign` made it, with a key that is published now.

        Raises:
            ValueError: it is signed, but its payload is not JSON.
        """
        # Nothing is decoded but the signature before that is known to be good: what anybody can send must cost little.
        signed, _, signature = token.encode().rpartition(b".")
        header, _, payload = signed.partition(b".")
        for key, public_key in self._ring.public_keys:
            if header == _header(token_type, key.key_id):
                if not _is_published(key, self._clock.now()) or not _is_signature(signature, signed, public_key):
                    return None
                return key.key_id, json.loads(base64url_decode(payload))
        return None

    def list_keys(self) -> Sequence[SigningKey]:
        """The published keys, newest first."""
        now = self._clock.now()
        return [key for key, _ in self._ring.public_keys if _is_published(key, now)]

    def jwks(self) -> str:
        """The JWK Set (RFC 7517 §5) as JSON text."""
        return f'{{"keys":[{",".join(key.public_jwk for key in self.list_keys())}]}}'

    def rotate(self, *, longest_token: int) -> SigningKey:
        """Sign with a new key from now on; the old one stays published for `longest_token` seconds."""
        with self._changing:
            self._add(self._new_key(), previous_retire_at=self._clock.now() + longest_token)
            self._ring = self._load()
            return self._ring.signing

    def replace(self) -> None:
        """Sign with a new key and publish no other: whatever was signed before is refused, here and elsewhere."""
        with self._changing:
            key = self._new_key()

            def intent(tx: KeyIntents) -> None:
                tx.withdraw_signing_keys()
                tx.add_signing_key(key, previous_retire_at=0)

            self._store.write(intent)
            self._ring = self._load()

    def rewrap(self) -> None:
        """Wrap every signing key with the current master key."""
        with self._changing:
            number = self._master_keys.current_id
            wrapped = {
                key.key_id: self._master_keys.seal(_WRAPPING, self._unwrap(key), key.key_id.encode())
                for key in self.list_keys()
            }
            self._store.write(
                lambda tx: [
                    tx.rewrap_signing_key(key_id, wrapped_private_key=value, master_key_id=number)
                    for key_id, value in wrapped.items()
                ]
            )
            self._ring = self._load()

    def _add(self, key: SigningKey, *, previous_retire_at: int) -> None:
        self._store.write(lambda tx: tx.add_signing_key(key, previous_retire_at=previous_retire_at))

    def _new_key(self) -> SigningKey:
        private_key = ec.generate_private_key(ec.SECP256R1())
        jwk = _public_jwk(private_key.public_key())
        der = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return SigningKey(
            key_id=jwk["kid"],
            public_jwk=json.dumps(jwk, separators=(",", ":")),
            wrapped_private_key=self._master_keys.seal(_WRAPPING, der, jwk["kid"].encode()),
            master_key_id=self._master_keys.current_id,
            created_at=self._clock.now(),
        )

    def _unwrap(self, key: SigningKey) -> bytes:
        der = find_private_key(key, self._master_keys)
        if der is None:
            raise FailedPrecondition(
                "the master key does not open the signing keys of this database: was the key file replaced, "
                "or the database copied without it?"
            )
        return der

    def _load(self) -> _Ring:
        keys = self._store.list_signing_keys(now=self._clock.now())
        signing = next(key for key in keys if key.retires_at is None)
        private_key = cast(ec.EllipticCurvePrivateKey, load_der_private_key(self._unwrap(signing), password=None))
        public_keys = tuple((key, _load_public_key(key)) for key in keys)
        return _Ring(signing, private_key, public_keys)


def _is_published(key: SigningKey, now: int) -> bool:
    return key.retires_at is None or key.retires_at > now


def _is_signature(text: bytes, signed: bytes, public_key: ec.EllipticCurvePublicKey) -> bool:
    """RFC 7518 §3.4. The decoder passes over what is not base64url, and no signature covers its own spelling."""
    try:
        signature = base64url_decode(text)
    except ValueError:
        return False
    return base64url_encode(signature) == text and _ES256.verify(signed, public_key, signature)


def find_private_key(key: SigningKey, master_keys: MasterKeys) -> bytes | None:
    """The private half in PKCS #8; None where it was wrapped with a master key that is not among these."""
    return master_keys.find_sealed(_WRAPPING, key.wrapped_private_key, key.key_id.encode())


def _load_public_key(key: SigningKey) -> ec.EllipticCurvePublicKey:
    return cast(ec.EllipticCurvePublicKey, jwt.PyJWK.from_json(key.public_jwk, ALGORITHM).key)


def _public_jwk(public_key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The public half as a JWK whose kid is its RFC 7638 thumbprint."""
    full = jwt.algorithms.ECAlgorithm.to_jwk(public_key, as_dict=True)
    required = {name: str(full[name]) for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(required, separators=(",", ":"), sort_keys=True).encode()
    thumbprint = urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()
    return {**required, "kid": thumbprint, "use": "sig", "alg": ALGORITHM}
