"""Recovery codes: each is good for one login in place of the telephone. Shown once, kept as SHA-256."""

import re
from base64 import b32encode
from collections.abc import Sequence
from typing import Protocol

from core.domain.randomness import Randomness
from core.domain.shown_once import digest_secret

#: How many there are at a time.
CODES = 10
#: 80 random bits: nobody guesses one, and no copy of the database tells it.
_BYTES = 10
_SHAPE = re.compile(r"[A-Z2-7]{16}")


class RecoveryCodeFacts(Protocol):
    """What can be read of them."""

    def count_recovery_codes(self, subject: str) -> int:
        """How many the user has left."""
        ...


class RecoveryCodeIntents(Protocol):
    """What can be done to them inside a transaction."""

    def replace_recovery_codes(self, subject: str, digests: Sequence[bytes]) -> None:
        """These are the user's from now on, and no others."""
        ...

    def use_recovery_code(self, subject: str, digest: bytes) -> bool:
        """Once; False where the user has none like that."""
        ...


def new_recovery_codes(randomness: Randomness) -> list[str]:
    """As they are shown: four groups of four."""
    texts = (b32encode(randomness.token_bytes(_BYTES)).decode() for _ in range(CODES))
    return ["-".join(text[at : at + 4] for at in range(0, 16, 4)) for text in texts]


def find_recovery_digest(typed: str) -> bytes | None:
    """What is kept of a code that somebody typed, in any case and however grouped; None where it can be none."""
    text = re.sub(r"[\s-]", "", typed[:64]).upper()
    return digest_secret(text) if _SHAPE.fullmatch(text) else None


def digest_recovery_code(shown: str) -> bytes:
    """What is kept of a code that is shown."""
    return digest_secret(shown.replace("-", ""))
