"""The check of a history, by itself, long after the processes have ended.

It knows only what is certain. Of two calls that overlap either may have been first; a call without an answer may have
happened at any time since it started; and whatever may have been refused for a reason is taken to have been.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tests.history.calls import Call, Kind, Outcome

#: A code that comes later than this, in nanoseconds, may have expired; a little less than the lifetime.
_CODE_LIFETIME = 50 * 10**9


class Rule(StrEnum):
    """What must hold."""

    ONCE = "a code is redeemed once"
    ENDED = "nothing is accepted after its end was acknowledged"
    KNOWN = "what was acknowledged is known"
    ONE_SUCCESSOR = "a session has one successor, never two"


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule, and the call that shows that it was broken."""

    rule: Rule
    call: Call


def violations(calls: Sequence[Call]) -> list[Violation]:
    """Everything in the history that cannot be right."""
    return [violation for grant in _grants_of(calls) for violation in grant.violations()]


@dataclass
class _Grant:
    """What happened to one grant."""

    consent: Call
    redeems: list[Call] = field(default_factory=list)
    refreshes: list[Call] = field(default_factory=list)
    revokes: list[Call] = field(default_factory=list)
    validations: list[Call] = field(default_factory=list)
    #: Of its user.
    disables: list[Call] = field(default_factory=list)
    #: Of the processes.
    restarts: list[Call] = field(default_factory=list)

    def violations(self) -> Iterator[Violation]:
        """By rule."""
        yield from (Violation(Rule.ONCE, call) for call in _done(self.redeems)[1:])
        yield from (Violation(Rule.ENDED, call) for call in self._accepted_after_end())
        yield from (Violation(Rule.KNOWN, call) for call in self._refused_without_cause())
        yield from (Violation(Rule.ONE_SUCCESSOR, call) for call in self._split())

    def _accepted_after_end(self) -> list[Call]:
        end = min(self._certain_ends(), default=None)
        accepted = _done([*self.redeems, *self.refreshes, *self.validations])
        return [call for call in accepted if end is not None and call.start > end]

    def _certain_ends(self) -> Iterator[int]:
        """Moments at which the grant's end had been acknowledged."""
        yield from (call.end for call in _done(self.revokes))
        yield from (call.end for call in _done(self.disables) if call.start > self.consent.end)
        redeemed = [call.end for call in _done(self.redeems)]
        for call in self.redeems:
            if call.outcome is Outcome.NO and any(end < call.start for end in redeemed):
                yield call.end
        for call in self.refreshes:
            if call.outcome is Outcome.NO and self._is_old(call):
                yield call.end

    def _refused_without_cause(self) -> Iterator[Call]:
        for call in (*self.validations, *self.refreshes, *self.redeems):
            if call.outcome is Outcome.NO and not self._may_have_ended(call.end) and not self._may_be_late(call):
                yield call

    def _may_have_ended(self, moment: int) -> bool:
        """Something that ends the grant may have happened before this moment."""
        before_consent = [call.outcome is Outcome.YES and call.end < self.consent.start for call in self.disables]
        ends = [call for call, earlier in zip(self.disables, before_consent, strict=True) if not earlier]
        ends += [call for call in self.revokes if call.outcome is not Outcome.NO]
        ends += self.redeems[1:]
        ends += [call for call in self.refreshes if self._may_be_reuse(call, moment)]
        return any(call.start < moment for call in ends)

    def _may_be_reuse(self, call: Call, moment: int) -> bool:
        """Another client of the grant may have gone two steps ahead of this refresh, which then was an alarm."""
        if call.outcome is Outcome.YES:
            return False
        return any(
            other.generation > call.generation
            and other.start < moment
            and (call.outcome is Outcome.UNKNOWN or other.start < call.end)
            for other in self.refreshes
            if other.outcome is not Outcome.NO or self._may_have_been_asked_twice(other)
        )

    def _may_have_been_asked_twice(self, call: Call) -> bool:
        """A process was restarted meanwhile: the facade asks the core again where an answer was lost, so the first time
        it may have been done, though the second time it was refused.
        """
        return any(restart.start < call.end and call.start < restart.end for restart in self.restarts)

    def _may_be_late(self, call: Call) -> bool:
        return call.kind is Kind.REDEEM and call.end - self.consent.start > _CODE_LIFETIME

    def _is_old(self, call: Call) -> bool:
        """Its refresh token was certainly two generations behind."""
        return any(done.generation > call.generation and done.end < call.start for done in _done(self.refreshes))

    def _split(self) -> Iterator[Call]:
        successors: defaultdict[int, set[str]] = defaultdict(set)
        for call in _done([*self.redeems, *self.refreshes]):
            successors[call.generation].add(call.received)
            if len(successors[call.generation]) > 1 or (call.kind is Kind.REFRESH and self._is_old(call)):
                yield call


def _done(calls: Sequence[Call]) -> list[Call]:
    return [call for call in calls if call.outcome is Outcome.YES]


def _grants_of(calls: Sequence[Call]) -> list[_Grant]:
    grants = {call.grant: _Grant(call) for call in calls if call.kind is Kind.CONSENT and call.outcome is Outcome.YES}
    disables: defaultdict[str, list[Call]] = defaultdict(list)
    restarts = [call for call in calls if call.kind is Kind.RESTART]
    for call in calls:
        match call.kind:
            case Kind.DISABLE:
                disables[call.user].append(call)
            case Kind.REDEEM:
                grants[call.grant].redeems.append(call)
            case Kind.REFRESH:
                grants[call.grant].refreshes.append(call)
            case Kind.REVOKE:
                grants[call.grant].revokes.append(call)
            case Kind.VALIDATE:
                grants[call.grant].validations.append(call)
    for grant in grants.values():
        grant.redeems.sort(key=lambda call: call.start)
        grant.disables, grant.restarts = disables[grant.consent.user], restarts
    return list(grants.values())
