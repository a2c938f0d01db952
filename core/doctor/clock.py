"""The machine's clock against the time that is served, or would be."""

from collections.abc import Iterator

from core.doctor.finding import Finding, good, problem
from core.domain.administration.clock import ClockState
from core.domain.clock import ServingClock

_SUBJECT = "Clock"


def examine_clock(state: ClockState, *, running: bool) -> Iterator[Finding]:
    """`state` is the core's where one is `running`, and else what a start at this moment would find."""
    if state.unconfirmed:
        yield problem(
            _SUBJECT,
            "the machine's clock is more than a year ahead of the last time that the database has seen, and nothing "
            "that expired is deleted: set it right, or if it is, tell a running core: tokenhouse clock confirm DATE",
        )
    elif state.drifting:
        yield problem(_SUBJECT, _describe(state, running))
    else:
        yield good(_SUBJECT, "the machine's clock is in step with the time that is served")


def state_at_a_start(persisted_time: int) -> ClockState:
    """What a core would find that started now; `persisted_time` is the last that the database has seen."""
    clock = ServingClock(persisted_time)
    return ClockState(clock.now(), clock.drift(), clock.held_back, clock.unconfirmed)


def _describe(state: ClockState, running: bool) -> str:
    if state.drift > 0:
        return (
            f"the machine's clock is {state.drift} s ahead of the time that is served: if it is right, restart the core"
        )
    behind = f"the machine's clock is {-state.drift} s behind the "
    if not running:
        return f"{behind}last time that the database has seen, which a core would serve instead: set it right"
    return f"{behind}time that is served: set it right; if it is, the core started with a wrong one, and stays ahead"
