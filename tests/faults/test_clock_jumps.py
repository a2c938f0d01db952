"""A wall clock that jumps by an hour or ten years, either way, while the real core serves, and by ten years between.

Every jump between two lives of a core is in `tests/torture/torture_clock_jumps.py`.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tokenhouse.v1 import clock_admin_pb2

from tests.faults.clock_house import (
    JUMPS,
    Kept,
    living,
    prepare,
    require_doubted,
    require_serving_on,
)
from tests.faults.clock_shim import YEAR, build_clock_shim
from tests.faults.core_process import CoreProcess
from tests.running import wait_until
from tests.serving import DEADLINE


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shim, compiled."""
    return build_clock_shim(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def kept(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """What a core held that was stopped as an operator does it."""
    return prepare(library, tmp_path_factory.mktemp("kept") / "core", CoreProcess.stop)


def test_while_serving_nobody_follows(kept: Kept, library: Path, tmp_path: Path) -> None:
    """README, Grants: time goes on as it was, all is good that was good, and log and operators learn of the drift."""
    with living(kept, library, tmp_path, 0) as house:
        held = house.road.connect()
        for jump in JUMPS:
            held = require_serving_on(house, held, jump)
        wait_until(lambda: "s off the time that is served; it is not followed" in house.core.log.read_text(), "the log")
        require_serving_on(house, held, 0)
        wait_until(lambda: "agrees with the time that is served again" in house.core.log.read_text(), "the log")


def test_a_start_ten_years_on_deletes_nothing(kept: Kept, library: Path, tmp_path: Path) -> None:
    """README, Grants: nobody is let in by what has expired, and the right clock at the next start finds it all."""
    with living(kept, library, tmp_path, 10 * YEAR) as house:
        require_doubted(house, CoreProcess.kill)


def test_an_operator_confirms_ten_years(kept: Kept, library: Path, tmp_path: Path) -> None:
    """README, For operators: with the date named, what expired is deleted, and the next start has no doubt."""
    with living(kept, library, tmp_path, 10 * YEAR) as house:
        today = datetime.fromtimestamp(house.look().now, UTC).date().isoformat()
        request = clock_admin_pb2.ConfirmClockRequest(today=today)

        assert house.core.clock.ConfirmClock(request, timeout=DEADLINE).confirmed
        wait_until(lambda: house.stored_grants() == 0, "what expired to be deleted")
        house.restart(CoreProcess.kill, 10 * YEAR)
        assert not house.look().unconfirmed
        house.road.log_in()
        assert house.road.is_active(house.road.connect())
