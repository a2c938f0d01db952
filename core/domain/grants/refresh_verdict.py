"""What a presented refresh token means for a grant as it stands (RFC 9700 §4.14.2), decided without I/O."""

from enum import StrEnum

from core.domain.grants.grant import Grant, GrantState


class RefreshVerdict(StrEnum):
    """The verdicts of one refresh."""

    ROTATED = "rotated"
    #: The predecessor, shortly after: the same successor again, so a lost reply or a racing client loses nothing.
    REPLAYED = "replayed"
    #: Genuine and spent: somebody holds a copy. The grant ends.
    REUSED = "reused"
    #: Above the stored generation: the database was restored from a copy. Nothing changes.
    FUTURE = "future"
    #: Not made by this server. Nothing changes.
    FORGED = "forged"
    #: Another client's. Nothing changes.
    MISMATCHED = "mismatched"
    #: The grant has ended, by time or by act.
    ENDED = "ended"


def judge_refresh(grant: Grant, generation: int, *, attempt_id: bytes, now: int, reuse_window: int) -> RefreshVerdict:
    """The verdict on a genuine refresh token of this generation. `reuse_window` in seconds; 0 forgives no client
    anything. The facade's own retry after a lost reply is no second use.

    ROTATED means: it may be rotated; who loses the race to do so judges again and finds a generation more.
    """
    if grant.state is not GrantState.ACTIVE or grant.rotated_at is None:
        return RefreshVerdict.ENDED
    if grant.idle_expires_at <= now or grant.expires_at <= now:
        return RefreshVerdict.ENDED
    if generation == grant.generation:
        return RefreshVerdict.ROTATED
    if generation > grant.generation:
        return RefreshVerdict.FUTURE
    fresh = reuse_window > 0 and now - grant.rotated_at <= reuse_window
    if generation == grant.generation - 1 and generation >= 1 and (fresh or grant.was_answered(attempt_id, now)):
        return RefreshVerdict.REPLAYED
    return RefreshVerdict.REUSED
