"""When signing keys follow upon one another; apart from how, which loads what signs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RotationSchedule:
    """What the operator decided; in seconds."""

    #: How long a key signs before the next one is published; None: until somebody says so.
    period: int | None
    #: How long a new key is published before it signs although some verifier has not acknowledged it.
    publication: int
