"""Whether a login takes more than a password, and taking that away again."""

from typing import Protocol

from core.domain.factors.recovery_code import RecoveryCodeFacts, RecoveryCodeIntents
from core.domain.factors.totp import TotpFacts, TotpIntents


class SecondFactorFacts(TotpFacts, RecoveryCodeFacts, Protocol):
    """What can be read of second factors."""

    def has_second_factor(self, subject: str) -> bool:
        """Whether a password alone signs the user in no more."""
        ...


class SecondFactorIntents(TotpIntents, RecoveryCodeIntents, Protocol):
    """What can be done to second factors inside a transaction."""

    def delete_second_factors(self, subject: str) -> bool:
        """A password alone signs the user in again; False where it did before."""
        ...
