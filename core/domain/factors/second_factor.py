"""Whether a login takes more than a password, and taking that away again."""

from typing import Protocol

from core.domain.factors.passkey import PasskeyFacts, PasskeyIntents
from core.domain.factors.recovery_code import RecoveryCodeFacts, RecoveryCodeIntents
from core.domain.factors.totp import TotpFacts, TotpIntents


class SecondFactorFacts(TotpFacts, RecoveryCodeFacts, PasskeyFacts, Protocol):
    """What can be read of second factors."""

    def has_second_factor(self, subject: str) -> bool:
        """Whether a password alone signs the user in no more: codes are on, or there is a passkey."""
        ...


class SecondFactorIntents(TotpIntents, RecoveryCodeIntents, PasskeyIntents, Protocol):
    """What can be done to second factors inside a transaction."""

    def delete_idle_recovery_codes(self, subject: str) -> None:
        """Those of a user who has nothing left that they stand in for."""
        ...

    def delete_second_factors(self, subject: str) -> bool:
        """Codes, recovery codes and passkeys: a password alone signs the user in again; False where it did before."""
        ...
