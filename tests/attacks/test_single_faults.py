"""One thing wrong is enough, and no second one makes up for it: every combination of faults, for each kind of request.

A check that says "and" where it means "or" refuses a request that is wrong in two ways and lets through one that is
wrong in one (CVE-2026-28513); a check that stops at the first fault may pass over what the second one should have done.
"""

import pytest

from tests.attacks.combinations import WHEN, Faults, find_accepted
from tests.attacks.device_stands import DeviceDecisions, Polls, UserCodes
from tests.attacks.stands import Cast, Decisions, Inquiries, Programs, Questions, Redemptions, Refreshes, Withdrawals
from tests.domain.house import House

_KINDS: dict[str, type[Cast]] = {
    kind.__name__: kind
    for kind in (
        Redemptions,
        Refreshes,
        Programs,
        Decisions,
        Questions,
        Inquiries,
        Withdrawals,
        Polls,
        DeviceDecisions,
        UserCodes,
    )
}
_FAULTS = [(name, fault) for name, kind in _KINDS.items() for fault in kind.faults]

Accepted = dict[str, dict[str, set[Faults]]]


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Accepted:
    """Which combinations were accepted, by kind of request and by when they were judged."""
    judged: Accepted = {}
    for name, kind in _KINDS.items():
        house = House(tmp_path_factory.mktemp(name) / "database")
        judged[name] = find_accepted(house, kind(house))
        house.close()
    return judged


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("kind", _KINDS)
def test_a_request_with_nothing_wrong_is_accepted(accepted: Accepted, kind: str, when: str) -> None:
    """RFC 6749 §4.1.3, §6, RFC 8628 §3, RFC 7009 §2.1, RFC 9068 §4: the others are refused for what is wrong."""
    assert frozenset() in accepted[kind][when]


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize(("kind", "fault"), _FAULTS)
def test_no_combination_with_this_fault_is_accepted(accepted: Accepted, kind: str, fault: str, when: str) -> None:
    """CVE-2026-28513: alone, and with any other faults beside it, by the same process and by the next one."""
    assert [sorted(faults) for faults in accepted[kind][when] if fault in faults] == []
