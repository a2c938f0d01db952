"""Where unguessable bytes come from."""

import secrets
from typing import Protocol


class Randomness(Protocol):
    """The only source of randomness in the domain."""

    def token_bytes(self, count: int) -> bytes:
        """`count` bytes nobody can guess."""
        ...


class SystemRandomness:
    """The operating system's generator."""

    def token_bytes(self, count: int) -> bytes:
        return secrets.token_bytes(count)
