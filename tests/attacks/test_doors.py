"""Everything that opens a door here, tried at every other door: thing × door × before and after a crash of the core."""

from collections.abc import Mapping

import pytest

from tests.attacks.combinations import WHEN
from tests.attacks.desk import Desk, restart
from tests.attacks.doors import DOORS, Doors, Held, gather
from tests.facade.pair import Pair
from tests.facade.road import register

_THINGS = ("access token", "refresh token", "code", "session", "browser", "sealed request", "form token", "device code",
           "device page", "client_id")  # fmt: skip

Opened = Mapping[tuple[str, str, str], bool]


@pytest.fixture(scope="module")
def opened(pair: Pair) -> Opened:
    """Everything at every wrong door, then everything at its own; the things are as old as the first core."""
    desk, other = Desk(pair), register(pair, name="Another")
    held = {when: gather(desk) for when in WHEN}
    told: dict[tuple[str, str, str], bool] = {}
    for when in WHEN:
        if when:
            restart(pair)
        told |= {(thing, door, when): found for (thing, door), found in _try_all(desk, other, held[when]).items()}
    return told


def _try_all(desk: Desk, other: str, held: Held) -> dict[tuple[str, str], bool]:
    doors = Doors(desk, other, held)
    right = [(own, name) for name, (_, own) in DOORS.items() if own]
    wrong = [(thing, name) for name in DOORS for thing in held.things if (thing, name) not in right]
    return {(thing, name): DOORS[name][0](doors, held.things[thing]) for thing, name in wrong + right}


@pytest.mark.parametrize("thing", _THINGS)
def test_each_thing_opens_its_own_door_alone(opened: Opened, thing: str) -> None:
    """RFC 8725 §3.11, RFC 9700 §4.7: no token, code, cookie or form is ever taken for another kind of them; and none
    is used up or ended by being shown where it does not belong."""
    own = {(door, when) for door in DOORS for when in WHEN if thing == DOORS[door][1]}
    assert {(door, when) for door in DOORS for when in WHEN if opened[thing, door, when]} == own
