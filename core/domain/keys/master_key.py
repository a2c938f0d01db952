"""The master key: tags codes and refresh tokens, seals what travels through the browser, wraps the signing keys.

It lives outside the database, so neither a copy of the database nor the key alone mints anything. Each use has a key
of its own, derived with HKDF (RFC 5869).
"""

import hmac
from collections.abc import Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.domain.randomness import Randomness

KEY_BYTES = 32
_NONCE_BYTES = 12


class MasterKeys:
    """The master keys by number (1 to 255); the highest is the current one, the others still verify and open."""

    def __init__(self, keys: Mapping[int, bytes], randomness: Randomness) -> None:
        """Take the keys, 32 bytes each.

        Raises:
            ValueError: there is none, or one has a wrong number or length.
        """
        if not keys or any(not 1 <= number <= 255 or len(key) != KEY_BYTES for number, key in keys.items()):
            raise ValueError("master keys are 32 bytes each, numbered 1 to 255")
        self._keys = dict(keys)
        self._current_id = max(keys)
        self._randomness = randomness
        self._derive = lru_cache(maxsize=256)(self._derive_key)

    def __repr__(self) -> str:
        return f"MasterKeys(current={self._current_id})"

    @property
    def current_id(self) -> int:
        """The number of the key that new tags, seals and wrappings are made with."""
        return self._current_id

    def add(self, number: int, key: bytes) -> None:
        """Take a new key and make it the current one; the old ones go on verifying."""
        if number <= self._current_id or number > 255 or len(key) != KEY_BYTES:
            raise ValueError("a new master key has the next number and 32 bytes")
        # One assignment each, the key before its number: a reader on another thread sees either state whole.
        self._keys = {**self._keys, number: key}
        self._current_id = number

    def find_tag(self, key_id: int, message: bytes) -> bytes | None:
        """HMAC-SHA256 of `message` under the tagging key of master key `key_id`; None when there is no such key."""
        if key_id not in self._keys:
            return None
        return hmac.digest(self._derive(key_id, b"token tag"), message, "sha256")

    def seal(self, purpose: bytes, plaintext: bytes, context: bytes = b"") -> bytes:
        """Encrypt and authenticate for one `purpose`; opens only with the same purpose and `context` (AES-256-GCM)."""
        nonce = self._randomness.token_bytes(_NONCE_BYTES)
        key_id = self._current_id
        sealed = AESGCM(self._derive(key_id, purpose)).encrypt(nonce, plaintext, context)
        return bytes([key_id]) + nonce + sealed

    def find_sealed(self, purpose: bytes, sealed: bytes, context: bytes = b"") -> bytes | None:
        """What was sealed; None when it was changed, cut, sealed for something else or under a key we do not have."""
        if len(sealed) < 1 + _NONCE_BYTES or sealed[0] not in self._keys:
            return None
        nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return AESGCM(self._derive(sealed[0], purpose)).decrypt(nonce, ciphertext, context)
        except InvalidTag:
            return None

    def _derive_key(self, key_id: int, purpose: bytes) -> bytes:
        info = b"tokenhouse v1 " + purpose
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._keys[key_id])
