"""The check of a history, by histories written by hand: what it finds, and what it must not take for wrong."""

from collections.abc import Sequence

import pytest

from tests.history.calls import Call, Kind, Outcome
from tests.history.check import Rule, violations

YES, NO, UNKNOWN = Outcome.YES, Outcome.NO, Outcome.UNKNOWN


def call(
    kind: Kind, outcome: Outcome, start: int, end: int, generation: int = 0, received: str = "", user: str = "ada"
) -> Call:
    """A call on the one grant there is."""
    return Call(kind, outcome, start, end, user, "g", "p", generation, received)


CONSENT = call(Kind.CONSENT, YES, 10, 19)
REDEEM = call(Kind.REDEEM, YES, 20, 29, 0, "r1")
REFRESH = call(Kind.REFRESH, YES, 30, 39, 1, "r2")
CONNECTED = (CONSENT, REDEEM)


def broken(calls: Sequence[Call]) -> list[Rule]:
    """The rules that were broken."""
    return [violation.rule for violation in violations(calls)]


@pytest.mark.parametrize(
    ("rule", "calls"),
    [
        (Rule.ONCE, [call(Kind.REDEEM, YES, 25, 35, 0, "r1")]),
        (Rule.ENDED, [call(Kind.REVOKE, YES, 30, 39), call(Kind.VALIDATE, YES, 40, 41)]),
        (Rule.ENDED, [call(Kind.REVOKE, YES, 30, 39), call(Kind.REFRESH, YES, 40, 41, 1, "r2")]),
        (Rule.ENDED, [call(Kind.DISABLE, YES, 30, 39), call(Kind.VALIDATE, YES, 40, 41)]),
        (Rule.ENDED, [call(Kind.REDEEM, NO, 30, 39), call(Kind.VALIDATE, YES, 40, 41)]),
        (
            Rule.ENDED,
            [
                REFRESH,
                call(Kind.REFRESH, YES, 40, 49, 2, "r3"),
                call(Kind.REFRESH, NO, 50, 59, 1),
                call(Kind.VALIDATE, YES, 60, 61),
            ],
        ),
        (Rule.KNOWN, [call(Kind.VALIDATE, NO, 40, 41)]),
        (Rule.KNOWN, [call(Kind.VALIDATE, NO, 40, 41), call(Kind.REVOKE, YES, 42, 43)]),
        (Rule.KNOWN, [call(Kind.VALIDATE, NO, 40, 41), call(Kind.DISABLE, YES, 30, 39, user="bob")]),
        (Rule.KNOWN, [call(Kind.DISABLE, YES, 5, 9), call(Kind.VALIDATE, NO, 40, 41)]),
        (Rule.KNOWN, [call(Kind.REFRESH, NO, 30, 39, 1)]),
        (Rule.KNOWN, [REFRESH, call(Kind.REFRESH, NO, 40, 49, 2)]),
        (Rule.KNOWN, [REFRESH, call(Kind.REFRESH, YES, 40, 49, 2, "r3"), call(Kind.VALIDATE, NO, 50, 51)]),
        (Rule.KNOWN, [REFRESH, call(Kind.RESTART, YES, 41, 44), call(Kind.REFRESH, NO, 40, 49, 2)]),
        (Rule.ONE_SUCCESSOR, [REFRESH, call(Kind.REFRESH, YES, 35, 45, 1, "another")]),
        (
            Rule.ONE_SUCCESSOR,
            [REFRESH, call(Kind.REFRESH, YES, 40, 49, 2, "r3"), call(Kind.REFRESH, YES, 50, 59, 1, "r2")],
        ),
    ],
)
def test_what_is_found(rule: Rule, calls: list[Call]) -> None:
    """Whatever the order of those that overlap, this cannot be: and it is found once."""
    assert broken([*CONNECTED, *calls]) == [rule]


def test_a_code_that_nobody_presented() -> None:
    """It has to be known, too, until it may have expired."""
    assert broken([CONSENT, call(Kind.REDEEM, NO, 20, 29)]) == [Rule.KNOWN]
    assert broken([CONSENT, call(Kind.REDEEM, NO, 20, 51 * 10**9)]) == []


@pytest.mark.parametrize(
    "calls",
    [
        [],
        [REFRESH, call(Kind.REFRESH, YES, 35, 45, 1, "r2"), call(Kind.REFRESH, YES, 50, 59, 2, "r3")],
        [call(Kind.VALIDATE, YES, 40, 41), call(Kind.VALIDATE, UNKNOWN, 40, 41)],
        # While it is being revoked, either.
        [call(Kind.REVOKE, YES, 30, 39), call(Kind.VALIDATE, YES, 38, 41), call(Kind.VALIDATE, NO, 31, 32)],
        # Nobody knows whether, or when.
        [call(Kind.REVOKE, UNKNOWN, 30, 39), call(Kind.VALIDATE, YES, 40, 41), call(Kind.VALIDATE, NO, 42, 43)],
        [call(Kind.DISABLE, UNKNOWN, 5, 9), call(Kind.VALIDATE, NO, 40, 41)],
        [call(Kind.DISABLE, YES, 5, 15), call(Kind.VALIDATE, NO, 40, 41)],
        # The code presented again: the second one is refused, and ends it, wherever it is among the others.
        [call(Kind.REDEEM, NO, 28, 35), call(Kind.VALIDATE, YES, 30, 34), call(Kind.VALIDATE, NO, 32, 36)],
        [call(Kind.REDEEM, UNKNOWN, 15, 18), call(Kind.REFRESH, NO, 30, 39, 1)],
        # One client two steps ahead of the other: an alarm.
        [REFRESH, call(Kind.REFRESH, YES, 40, 49, 2, "r3"), call(Kind.REFRESH, NO, 41, 52, 1)],
        [
            REFRESH,
            call(Kind.REFRESH, UNKNOWN, 31, 34, 1),
            call(Kind.REFRESH, YES, 40, 49, 2, "r3"),
            call(Kind.REFRESH, NO, 50, 59, 3),
        ],
        # The step ahead was taken and its answer lost with the core; the other client's was an alarm before the facade
        # had asked a second time.
        [
            REFRESH,
            call(Kind.REFRESH, NO, 35, 65, 1),
            call(Kind.REFRESH, NO, 40, 69, 2),
            call(Kind.RESTART, YES, 45, 60),
            call(Kind.VALIDATE, NO, 70, 71),
        ],
    ],
)
def test_what_is_not_wrong(calls: list[Call]) -> None:
    """What may have been so is not reported."""
    assert broken([*CONNECTED, *calls]) == []


def test_two_redemptions_none_of_which_was_answered() -> None:
    """A redemption that nobody heard of may have been the first."""
    calls = [CONSENT, call(Kind.REDEEM, UNKNOWN, 20, 29), call(Kind.REDEEM, NO, 30, 39), call(Kind.REDEEM, NO, 40, 49)]

    assert broken(calls) == []
