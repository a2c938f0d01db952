"""The policy that the rules read, and its replacement as a whole while they do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from core.domain.policy import Policy
from core.domain.tokens.change import Change


class PolicyInForce:
    """`core.domain.policy.PolicySource`."""

    def __init__(self, policy: Policy) -> None:
        self.current = policy
        self._next: Policy | None = None

    @contextmanager
    def changing_to(self, policy: Policy) -> Iterator[None]:
        """The policy is in force when the body has ended well, or as soon as it commits a change of the policy."""
        self._next = policy
        try:
            yield
            self.current = policy
        finally:
            self._next = None

    def apply(self, changes: Sequence[Change]) -> None:
        """Follow committed changes: who has seen one that switched something never meets the policy before it."""
        if self._next is not None and any(change.kind.concerns_policy for change in changes):
            self.current = self._next
