"""Verifiers that a test connects, and that acknowledge keys when it says so."""

from collections.abc import Sequence

from core.domain.keys.rotation import ConnectedVerifier


class Verifiers:
    """`core.domain.keys.rotation.ConnectedVerifiers`, by hand."""

    def __init__(self) -> None:
        #: Which keys each has, by its name.
        self.keys: dict[str, set[str]] = {}

    def count(self) -> int:
        return len(self.keys)

    def list_connected(self) -> Sequence[ConnectedVerifier]:
        return [ConnectedVerifier(name, f"{name}:1") for name in self.keys]

    def list_lacking(self, key_id: str) -> Sequence[ConnectedVerifier]:
        return [ConnectedVerifier(name, f"{name}:1") for name, keys in self.keys.items() if key_id not in keys]
