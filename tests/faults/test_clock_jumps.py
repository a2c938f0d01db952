"""A wall clock that jumps by an hour or ten years, either way, under the real core: while it serves, and between."""

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
    require_followed,
    require_held_back,
    require_serving_on,
)
from tests.faults.clock_shim import HOUR, YEAR, build_clock_shim
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


@pytest.mark.parametrize("jump", [-HOUR, -10 * YEAR], ids=["an hour", "ten years"])
def test_a_start_with_a_clock_behind_is_held(kept: Kept, library: Path, tmp_path: Path, jump: int) -> None:
    """README, Grants: time is held at the last that was noted; nothing expired lives again, nothing revoked either."""
    with living(kept, library, tmp_path, jump) as house:
        require_held_back(house, jump)


def test_a_start_an_hour_on_is_followed(kept: Kept, library: Path, tmp_path: Path) -> None:
    """The hour has passed for everything; with the clock right again the server stays there, and loses nothing."""
    with living(kept, library, tmp_path, HOUR) as house:
        require_followed(house, CoreProcess.stop)


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
