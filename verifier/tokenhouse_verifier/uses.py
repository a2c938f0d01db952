"""Which grants were used here, for operators to see; told to the core now and then, together."""

import threading
from collections.abc import Sequence

#: As many as are told at once, and as many as wait; of more than these in a minute some are told a token later.
MOST = 1000


class Uses:
    """Noted by whoever verifies, taken by whoever tells."""

    def __init__(self, audience: str = "") -> None:
        """`audience`: which service this is; "" for one that tells nobody."""
        self.audience = audience
        self._lock = threading.Lock()
        self._grant_ids: set[str] = set()

    def note(self, grant_ids: Sequence[str]) -> None:
        """Tokens of these grants have come that had not come before, and are good."""
        if self.audience:
            with self._lock:
                if len(self._grant_ids) < MOST:
                    self._grant_ids.update(filter(None, grant_ids[: MOST - len(self._grant_ids)]))

    def take(self) -> list[str]:
        """What was noted since the last time."""
        with self._lock:
            taken, self._grant_ids = self._grant_ids, set()
        return sorted(taken)

    def give_back(self, grant_ids: list[str]) -> None:
        """They could not be told."""
        self.note(grant_ids)
