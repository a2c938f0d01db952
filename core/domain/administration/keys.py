"""Keys, as operators see and rotate them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.domain.audit.act import Act
from core.domain.audit.record import AuditIntents, record_of
from core.domain.clock import TOLERATED_DRIFT
from core.domain.errors import FailedPrecondition
from core.domain.factors.totp import TotpFacts, TotpIntents, TotpSecrets
from core.domain.keys.key_ring import KeyRing
from core.domain.keys.master_key import KEY_BYTES, MasterKeys
from core.domain.keys.rotation import ConnectedVerifier, KeyRotation
from core.domain.keys.signing_key import KeyIntents, KeyState, SigningKey
from core.domain.randomness import Randomness
from core.domain.tokens.access_token import LONGEST_LIFETIME
from core.domain.tokens.change import ChangeIntents, ChangeKind
from core.domain.writing import Writes


class MasterKeyKeeper(Protocol):
    """Where master keys are kept, outside the database."""

    @property
    def writable(self) -> bool:
        """Whether a new one can be kept here; a key from the environment is the operator's to change."""
        ...

    def append(self, number: int, key: bytes) -> None:
        """Keep one more key; it is on disk when this returns."""
        ...


class WithdrawingTransaction(KeyIntents, ChangeIntents, AuditIntents, Protocol):
    """What a withdrawal writes."""


class KeyTransaction(WithdrawingTransaction, TotpIntents, Protocol):
    """What acts on keys write."""


class KeyStore(TotpFacts, Writes[KeyTransaction], Protocol):
    """What acts on keys need of a store."""


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A signing key, and what it waits for where it does not sign yet."""

    key: SigningKey
    #: Since when it has been in its state, in seconds since the epoch.
    state_since: int
    #: When it signs at the latest, in seconds since the epoch; None where it is not about to.
    signs_by: int | None = None
    #: Who has not acknowledged it.
    laggards: Sequence[ConnectedVerifier] = ()


class KeyAdministration:
    """Every act on keys."""

    def __init__(
        self,
        keys: KeyRing,
        rotation: KeyRotation,
        store: KeyStore,
        master_keys: MasterKeys,
        keeper: MasterKeyKeeper,
        randomness: Randomness,
    ) -> None:
        self._keys = keys
        self._rotation = rotation
        self._store = store
        self._master_keys = master_keys
        self._keeper = keeper
        self._randomness = randomness

    def list(self) -> Sequence[ListedKey]:
        """The signing keys that are published or were withdrawn lately, newest first."""
        return [self._look_at(key) for key in self._keys.list_keys()]

    def list_verifiers(self) -> Sequence[ConnectedVerifier]:
        """Everybody who follows the changes at this moment."""
        return self._rotation.list_verifiers()

    def next_rotation_at(self) -> int | None:
        """When the next key is published by schedule, in seconds since the epoch; None: never."""
        return self._rotation.rotation_due()

    def rotate_signing_key(self, *, at_once: bool) -> ListedKey:
        """Publish a new key, which signs when it is ready, or `at_once`; where one is published already, that one.

        Raises:
            FailedPrecondition: at once, while the clock is in doubt.
        """
        step = self._rotation.sign_at_once if at_once else self._rotation.begin
        return self._look_at(step(through=self._store))

    def withdraw_signing_key(self, key_id: str) -> ListedKey | None:
        """Trust a key no more; what takes its place, None where it had been retired. Returns after the commit.

        Raises:
            NotFound: there is no such key that is trusted.
        """
        with self._keys.withdrawing(key_id) as withdrawal:
            now = withdrawal.withdrawn_at
            record = record_of(Act.SIGNING_KEY_WITHDRAW, at=now, target=key_id)

            def intent(tx: WithdrawingTransaction) -> None:
                withdrawal.write(tx)
                tx.record_act(record)
                # As long as a token can live that was dated by the slowest clock that is believed.
                keep_until = now + LONGEST_LIFETIME + TOLERATED_DRIFT
                tx.record_change(ChangeKind.KEY_WITHDRAWN, key_id, now=now, keep_until=keep_until)

            self._store.write(intent)
        return None if withdrawal.successor is None else self._look_at(withdrawal.successor)

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
        TotpSecrets(self._master_keys, self._randomness).reseal_all(self._store)
        return number

    def _look_at(self, key: SigningKey) -> ListedKey:
        if key.state is not KeyState.PUBLISHED:
            return ListedKey(key, _state_since(key))
        return ListedKey(key, key.created_at, self._rotation.signs_by(key), self._rotation.list_laggards(key))


def _state_since(key: SigningKey) -> int:
    if key.withdrawn_at is not None:
        return key.withdrawn_at
    if key.verifies_until is not None:
        return key.verifies_until - LONGEST_LIFETIME
    return key.created_at if key.signs_since is None else key.signs_since
