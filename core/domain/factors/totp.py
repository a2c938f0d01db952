"""Codes of six digits by the clock (TOTP, RFC 6238), from an app on the user's telephone."""

from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from core.domain.keys.master_key import MasterKeys
from core.domain.randomness import Randomness
from core.domain.writing import Writes

#: RFC 4226 §4 R6: as long as the HMAC's output.
_SECRET_BYTES = 20
_PURPOSE = b"totp secret"
_STEP = 30
#: RFC 6238 §5.2: one step to either side, for clocks that differ and for who types slowly.
_WINDOW = 1
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Totp:
    """One user's secret. Times are seconds since the epoch."""

    subject: str
    #: Sealed with a master key, for this subject alone.
    sealed_secret: bytes = field(repr=False)
    created_at: int
    #: None while it waits for the first code: until then no login asks for one.
    confirmed_at: int | None = None
    #: The step of the last code that was used; none of it or before is good again.
    last_step: int = 0


class TotpFacts(Protocol):
    """What can be read of them."""

    def find_totp(self, subject: str) -> Totp | None:
        """The user's, confirmed or not."""
        ...

    def list_totps_sealed_otherwise(self, master_key_id: int, *, limit: int) -> Sequence[Totp]:
        """Some of those that another master key has sealed."""
        ...


class TotpIntents(Protocol):
    """What can be done to one inside a transaction. False: there was none like that."""

    def begin_totp(self, totp: Totp) -> bool:
        """Keep one that waits for its first code, instead of another that waits; False where one is confirmed."""
        ...

    def confirm_totp(self, totp: Totp, *, step: int, now: int) -> bool:
        """This very one is confirmed by a code of `step`, which is used up; False unless it waits."""
        ...

    def use_totp_step(self, totp: Totp, *, step: int) -> bool:
        """Use a code of this very one: RFC 6238 §5.2, once. False where a code of this step or a later one was used."""
        ...

    def reseal_totp(self, totp: Totp, sealed_secret: bytes) -> bool:
        """Replace the seal of this very one."""
        ...

    def delete_totp(self, subject: str) -> bool: ...


class TotpSecrets:
    """Makes secrets, and verifies codes."""

    def __init__(self, master_keys: MasterKeys, randomness: Randomness) -> None:
        self._master_keys = master_keys
        self._randomness = randomness

    def new(self, subject: str, now: int) -> Totp:
        """One that waits for its first code."""
        secret = b32encode(self._randomness.token_bytes(_SECRET_BYTES))
        return Totp(subject, self._master_keys.seal(_PURPOSE, secret, subject.encode()), created_at=now)

    def find_secret(self, totp: Totp) -> str | None:
        """The secret in Base32, as apps take it; None where no master key that is here has sealed it."""
        secret = self._master_keys.find_sealed(_PURPOSE, totp.sealed_secret, totp.subject.encode())
        return None if secret is None else secret.decode()

    def find_step(self, totp: Totp, code: str, now: int) -> int | None:
        """The step that the code is of; None: it is not one of now. Whether it was used is not looked at here."""
        secret = self.find_secret(totp)
        if secret is None or not (code.isascii() and code.isdigit() and len(code) == 6):
            return None
        # Loaded when the first code comes: it brings a maker of codes for each of a dozen services.
        import pyotp
        from pyotp.exceptions import OTPVerificationError

        try:
            return pyotp.TOTP(secret, interval=_STEP).verify_and_get_timecode(code, for_time=now, valid_window=_WINDOW)
        except OTPVerificationError:
            return None

    def reseal_all(self, store: "ResealingStore") -> None:
        """Seal with the current master key what others have sealed, as is done with signing keys.

        Raises:
            StoreUnavailable: some are still sealed as they were, which older keys open.
        """
        while page := store.list_totps_sealed_otherwise(self._master_keys.current_id, limit=_PAGE):
            pairs = [(totp, secret) for totp in page if (secret := self.find_secret(totp)) is not None]
            sealed = [
                (totp, self._master_keys.seal(_PURPOSE, secret.encode(), totp.subject.encode()))
                for totp, secret in pairs
            ]
            if not store.write(partial(_reseal, sealed)):
                return


def _reseal(sealed: Sequence[tuple[Totp, bytes]], tx: TotpIntents) -> int:
    return sum(tx.reseal_totp(totp, secret) for totp, secret in sealed)


class ResealingStore(TotpFacts, Writes[TotpIntents], Protocol):
    """What sealing again needs of a store."""


def provisioning_uri(secret: str, username: str, issuer: str) -> str:
    """What the QR code says, for apps to read (otpauth URI, key-uri-format); `issuer` is what they show beside it."""
    import pyotp

    return pyotp.TOTP(secret, interval=_STEP).provisioning_uri(name=username, issuer_name=issuer)
