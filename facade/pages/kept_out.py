"""What a page says to somebody whose tries another one has used up: which ways in are open still. It is the same
whoever they say they are, so that it tells nobody who has an account."""

from facade.errors import Refusal


def is_kept_out(refusal: Refusal | None) -> bool:
    """Whether to say it."""
    return refusal is not None and refusal.reason == "TOO_MANY_ATTEMPTS"
