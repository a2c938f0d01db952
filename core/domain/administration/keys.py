"""Keys, as operators see and rotate them."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.errors import FailedPrecondition
from core.domain.keys.key_ring import KeyRing
from core.domain.keys.master_key import KEY_BYTES, MasterKeys
from core.domain.keys.signing_key import SigningKey
from core.domain.randomness import Randomness
from core.domain.tokens.access_token import LONGEST_LIFETIME


class MasterKeyKeeper(Protocol):
    """Where master keys are kept, outside the database."""

    @property
    def writable(self) -> bool:
        """Whether a new one can be kept here; a key from the environment is the operator's to change."""
        ...

    def append(self, number: int, key: bytes) -> None:
        """Keep one more key; it is on disk when this returns."""
        ...


class KeyAdministration:
    """Every act on keys."""

    def __init__(self, keys: KeyRing, master_keys: MasterKeys, keeper: MasterKeyKeeper, randomness: Randomness) -> None:
        self._keys = keys
        self._master_keys = master_keys
        self._keeper = keeper
        self._randomness = randomness

    def list(self) -> Sequence[SigningKey]:
        """The published signing keys, newest first."""
        return self._keys.list_keys()

    def rotate_signing_key(self) -> SigningKey:
        """Sign with a new key from now on."""
        return self._keys.rotate(longest_token=LONGEST_LIFETIME)

    def rotate_master_key(self) -> int:
        """Make a new master key, wrap the signing keys with it; its number.

        Raises:
            FailedPrecondition: the key comes from the environment, or its numbers are used up.
        """
        number = self._master_keys.current_id + 1
        if not self._keeper.writable:
            raise FailedPrecondition("the master key comes from the environment: change it there and restart")
        if number > 255:
            raise FailedPrecondition("there have been 255 master keys: remove the oldest from the key file")
        key = self._randomness.token_bytes(KEY_BYTES)
        # Kept before it is used: nothing may ever be wrapped with a key that is not on disk.
        self._keeper.append(number, key)
        self._master_keys.add(number, key)
        self._keys.rewrap()
        return number
