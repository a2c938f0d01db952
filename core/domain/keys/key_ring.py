"""The signing keys in use: one signs, the next is published before it does, those before it verify (RFC 7517).

One key, one algorithm (RFC 7518 §3.4).
"""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol, cast

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from jwt.utils import base64url_decode

from core.domain.audit.act import Act
from core.domain.audit.record import AuditIntents, AuditRecord, record_of
from core.domain.clock import Clock
from core.domain.errors import FailedPrecondition, NotFound
from core.domain.keys.es256 import Signer, header_of, is_signature, load_public_key, new_key_pair
from core.domain.keys.master_key import MasterKeys
from core.domain.keys.signing_key import KeyFacts, KeyIntents, KeyState, SigningKey
from core.domain.sayings import say
from core.domain.writing import Writes

_WRAPPING = b"signing key"


class KeyTransaction(KeyIntents, AuditIntents, Protocol):
    """What the ring writes."""


class KeyStore(KeyFacts, Writes[KeyTransaction], Protocol):
    """What the ring needs of a store."""


@dataclass(frozen=True, slots=True)
class _Ring:
    """The keys as of the last change; replaced whole."""

    #: Newest first.
    keys: tuple[SigningKey, ...]
    signing: SigningKey
    private_key: ec.EllipticCurvePrivateKey
    #: Those that sign or have signed: what a key did not sign needs no verifying.
    public_keys: tuple[tuple[SigningKey, ec.EllipticCurvePublicKey], ...]


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What withdrawing a key comes to."""

    #: In seconds since the epoch.
    withdrawn_at: int
    #: What takes its place: signs at once where the key signed, is published where it was published.
    successor: SigningKey | None
    #: What has to be written, in one transaction.
    write: Callable[[KeyIntents], None] = field(repr=False)


class KeyRing:
    """Signs and verifies with the keys that the store holds; safe to use from any thread."""

    def __init__(self, store: KeyStore, master_keys: MasterKeys, clock: Clock) -> None:
        """Load the keys; make the first one where there is none."""
        self._store = store
        self._master_keys = master_keys
        self._clock = clock
        self._changing = threading.Lock()
        #: The ring of a withdrawal that is being written.
        self._next: _Ring | None = None
        keys = store.list_signing_keys(now=clock.now())
        if not any(key.state is KeyState.SIGNING for key in keys):
            first = self._new_key()
            record = record_of(Act.SIGNING_KEY_SIGN, at=first.created_at, target=first.key_id)
            store.write(
                partial(_sign_at_once, key=first, is_new=True, now=first.created_at, longest_token=0, record=record)
            )
        self._ring = self._load()

    @property
    def signer(self) -> Signer:
        """The key that signs now."""
        ring = self._ring
        return Signer(ring.signing.key_id, ring.private_key)

    def open(self, token: str, token_type: str) -> tuple[str, object] | None:
        """The kid and the claims of a compact JWS, if `Signer.sign` made it, with a key that is trusted now.

        Raises:
            ValueError: it is signed, but its payload is not JSON.
        """
        # Nothing is decoded but the signature before that is known to be good: what anybody can send must cost little.
        signed, _, signature = token.encode().rpartition(b".")
        header, _, payload = signed.partition(b".")
        for key, public_key in self._ring.public_keys:
            if header == header_of(token_type, key.key_id):
                if _has_left(key, self._clock.now()) or not is_signature(signature, signed, public_key):
                    return None
                return key.key_id, json.loads(base64url_decode(payload))
        return None

    def list_keys(self) -> Sequence[SigningKey]:
        """Every key that is published or was withdrawn lately, newest first."""
        now = self._clock.now()
        return [key for key in self._ring.keys if not _has_left(key, now)]

    def find_published(self) -> SigningKey | None:
        """The key that will sign next, if there is one already."""
        return next((key for key in self._ring.keys if key.state is KeyState.PUBLISHED), None)

    @property
    def signing(self) -> SigningKey:
        """The key that signs, as it is listed."""
        return self._ring.signing

    def jwks(self) -> str:
        """The JWK Set (RFC 7517 §5) as JSON text: the key that signs, the one that will, those that did."""
        trusted = [key for key in self.list_keys() if key.state is not KeyState.WITHDRAWN]
        trusted.sort(key=lambda key: key.state is not KeyState.SIGNING)
        return f'{{"keys":[{",".join(key.public_jwk for key in trusted)}]}}'

    def publish(self, through: Writes[KeyTransaction] | None = None) -> SigningKey:
        """Publish a key that does not sign yet; where there is one already, that. `through`: a store with a check of
        its own in front of each transaction."""
        with self._changing:
            published = self.find_published()
            if published is None:
                published = self._new_key()
                record = record_of(Act.SIGNING_KEY_PUBLISH, at=published.created_at, target=published.key_id)

                def intent(tx: KeyTransaction) -> None:
                    tx.add_signing_key(published)
                    tx.record_act(record)

                (through or self._store).write(intent)
                self._ring = self._load()
            return published

    def note_publication(self, key_id: str, *, published_for: int) -> None:
        """Remember for how many seconds a key has been published."""
        self._store.write(lambda tx: tx.note_publication(key_id, published_for=published_for))

    def begin_signing(self, key_id: str, *, longest_token: int) -> bool:
        """Sign with a published key from now on; the one before verifies for `longest_token` seconds more.

        False where the key is not published any more.
        """
        with self._changing:
            now = self._clock.now()
            record = record_of(Act.SIGNING_KEY_SIGN, at=now, target=key_id)

            def intent(tx: KeyTransaction) -> bool:
                begun = tx.begin_signing(key_id, now=now, previous_verifies_until=now + longest_token)
                if begun:
                    tx.record_act(record)
                return begun

            begun = self._store.write(intent)
            self._ring = self._load()
            return begun

    def rotate(self, *, longest_token: int, through: Writes[KeyTransaction] | None = None) -> SigningKey:
        """Sign with the published key, or else a new one, at once; the one before as in `begin_signing`. `through` as
        in `publish`."""
        with self._changing:
            published, now = self.find_published(), self._clock.now()
            key = published or self._new_key()
            is_new = published is None
            record = record_of(Act.SIGNING_KEY_SIGN, at=now, target=key.key_id)
            (through or self._store).write(
                partial(_sign_at_once, key=key, is_new=is_new, now=now, longest_token=longest_token, record=record)
            )
            self._ring = self._load()
            return self._ring.signing

    @contextmanager
    def withdrawing(self, key_id: str) -> Iterator[Withdrawal]:
        """The withdrawal of a key, which the body writes; in force when that is committed (`take_over`), or at the end.

        Raises:
            NotFound: there is no such key that is trusted.
        """
        with self._changing:
            key = next((key for key in self.list_keys() if key.key_id == key_id), None)
            if key is None or key.state is KeyState.WITHDRAWN:
                raise NotFound(say("no_key"))
            withdrawal, keys = self._withdraw(key)
            following = self._next = self._ring_of(keys)
            try:
                yield withdrawal
                self._ring = following
            finally:
                self._next = None

    def take_over(self) -> None:
        """The withdrawal is committed: from now on the key is trusted no more."""
        if self._next is not None:
            self._ring = self._next

    def replace(self) -> None:
        """Sign with a new key and publish no other: whatever was signed before is refused, here and elsewhere."""
        with self._changing:
            key = self._new_key()

            def intent(tx: KeyIntents) -> None:
                tx.delete_signing_keys()
                _begin_at_once(tx, key=key, is_new=True, now=key.created_at, longest_token=0)

            self._store.write(intent)
            self._ring = self._load()

    def rewrap(self) -> None:
        """Wrap every signing key with the current master key."""
        with self._changing:
            number = self._master_keys.current_id
            wrapped = {
                key.key_id: self._master_keys.seal(_WRAPPING, self._unwrap(key), key.key_id.encode())
                for key in self.list_keys()
                if key.state is not KeyState.WITHDRAWN
            }
            record = record_of(Act.MASTER_KEY_ROTATE, at=self._clock.now(), target=str(number))

            def intent(tx: KeyTransaction) -> None:
                for key_id, value in wrapped.items():
                    tx.rewrap_signing_key(key_id, wrapped_private_key=value, master_key_id=number)
                tx.record_act(record)

            self._store.write(intent)
            self._ring = self._load()

    def _withdraw(self, key: SigningKey) -> tuple[Withdrawal, Sequence[SigningKey]]:
        """The withdrawal, and every key as it will be."""
        now, others = self._clock.now(), [other for other in self._ring.keys if other is not key]
        withdrawn = replace(key, withdrawn_at=now, verifies_until=None, wrapped_private_key=b"")
        published = self.find_published()
        signed, successor = key.state is KeyState.SIGNING, None
        if signed and published is not None:
            others.remove(published)
            successor = published
        elif key.state is not KeyState.RETIRED:
            successor = self._new_key()
        is_new = successor is not published

        def write(tx: KeyIntents) -> None:
            tx.withdraw_signing_key(key.key_id, now=now)
            if successor is not None and signed:
                _begin_at_once(tx, key=successor, is_new=is_new, now=now, longest_token=0)
            elif successor is not None:
                tx.add_signing_key(successor)

        later = None if successor is None else replace(successor, signs_since=now if signed else None)
        return Withdrawal(now, later, write), [*([] if later is None else [later]), withdrawn, *others]

    def _new_key(self) -> SigningKey:
        private_key, jwk = new_key_pair()
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
        return self._ring_of(self._store.list_signing_keys(now=self._clock.now()))

    def _ring_of(self, keys: Sequence[SigningKey]) -> _Ring:
        signing = next(key for key in keys if key.state is KeyState.SIGNING)
        private_key = cast(ec.EllipticCurvePrivateKey, load_der_private_key(self._unwrap(signing), password=None))
        verifying = [key for key in keys if key.state in (KeyState.SIGNING, KeyState.RETIRED)]
        return _Ring(
            tuple(keys), signing, private_key, tuple((key, load_public_key(key.public_jwk)) for key in verifying)
        )


def _begin_at_once(tx: KeyIntents, *, key: SigningKey, is_new: bool, now: int, longest_token: int) -> None:
    if is_new:
        tx.add_signing_key(key)
    tx.begin_signing(key.key_id, now=now, previous_verifies_until=now + longest_token)


def _sign_at_once(
    tx: KeyTransaction, *, key: SigningKey, is_new: bool, now: int, longest_token: int, record: AuditRecord
) -> None:
    _begin_at_once(tx, key=key, is_new=is_new, now=now, longest_token=longest_token)
    tx.record_act(record)


def _has_left(key: SigningKey, now: int) -> bool:
    return key.verifies_until is not None and key.verifies_until <= now


def find_private_key(key: SigningKey, master_keys: MasterKeys) -> bytes | None:
    """The private half in PKCS #8; None where it was wrapped with a master key that is not among these."""
    return master_keys.find_sealed(_WRAPPING, key.wrapped_private_key, key.key_id.encode())
