"""Tokens that are known to be no good: whoever presents one again and again costs the core nothing."""

from itertools import islice

#: How many are kept, about 150 bytes each.
MOST_REFUSED = 10_000


class Refused:
    """Until when each is refused, by the SHA-256 of the token; the oldest make room.

    They have a place of their own, so that no number of bad tokens takes that of a good one. Reading `until` needs no
    lock; everything else is under its owner's.
    """

    def __init__(self) -> None:
        #: On the clock of `freshness.now`.
        self.until: dict[bytes, float] = {}

    def put(self, digest: bytes, until: float) -> None:
        """Refuse it until then."""
        # Taken out first: what is put again is the newest again.
        self.until.pop(digest, None)
        if len(self.until) >= MOST_REFUSED:
            # Several at a time: a dict looks for its first key among all the places that were freed before it.
            for oldest in list(islice(self.until, 1 + len(self.until) // 32)):
                del self.until[oldest]
        self.until[digest] = until

    def clear(self) -> None:
        """Refuse none of them any more."""
        self.until.clear()
