"""A core under a wall clock of its own, and what clients held before that clock jumped."""

import json
import shutil
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from tokenhouse.v1 import clock_admin_pb2, grant_admin_pb2

from tests.faults.clock_shim import HOUR, YEAR, ClockShim
from tests.faults.core_process import CoreProcess
from tests.faults.road import Held, Road
from tests.serving import DEADLINE, reason_of

JUMPS = (HOUR, -HOUR, 10 * YEAR, -10 * YEAR)
#: In seconds: by how much two looks at a clock may differ on a machine that has other work.
SLACK = 30
#: The right time lies so far after the first start: past the end of a code that was not redeemed.
_LATER = 120

Ending = Callable[[CoreProcess], None]


@dataclass(frozen=True)
class Kept:
    """What there is before the jump: a live grant, a revoked one, a code that has expired, a browser's session."""

    folder: Path
    live: Held
    revoked: Held
    client_id: str
    expired_code: str
    session: str
    password: str


@dataclass
class ClockHouse:
    """A core, its clock, and who lives with it."""

    core: CoreProcess
    clock: ClockShim
    road: Road
    kept: Kept

    def jump(self, seconds: int) -> None:
        """From now on the wall clock is off by this much."""
        self.clock.jump(_LATER + seconds)

    def restart(self, end: Ending, seconds: int) -> None:
        """End the core and start it under a wall clock that is off by this much."""
        end(self.core)
        self.jump(seconds)
        self.core.start()

    def look(self) -> clock_admin_pb2.GetClockResponse:
        """What the core says of the clock."""
        return self.core.clock.GetClock(clock_admin_pb2.GetClockRequest(), timeout=DEADLINE)

    def stored_grants(self) -> int:
        """How many the database holds."""
        request = grant_admin_pb2.ListGrantsRequest(include_ended=True, page_size=100)
        return len(self.core.grants.ListGrants(request, timeout=DEADLINE).grants)

    def require_nothing_undone(self) -> None:
        """What was revoked or had expired is good for nothing."""
        assert not self.road.is_active(self.kept.revoked)
        assert refused(lambda: self.road.refresh(self.kept.revoked)) == "INVALID_GRANT"
        assert refused(lambda: self.road.redeem(self.kept.client_id, self.kept.expired_code)) == "INVALID_GRANT"


def prepare(library: Path, folder: Path, end: Ending) -> Kept:
    """Let a core serve in `folder`, and end it once what it holds is two minutes old."""
    folder.mkdir(mode=0o700)
    with closing(ClockShim(library, folder)) as clock, CoreProcess(folder, clock.environment) as core:
        road = Road(core)
        road.log_in()
        client_id = road.register()
        code, live, revoked = road.consent(client_id), road.connect(), road.connect()
        road.revoke(revoked)
        core.stop()
        clock.jump(_LATER)
        core.start()
        live = road.refresh(live)
        end(core)
        return Kept(folder, live, revoked, client_id, code, road.session, core.password)


@contextmanager
def living(kept: Kept, library: Path, folder: Path, jump: int) -> Iterator[ClockHouse]:
    """A core on a copy of what was kept, started in `folder` under a clock that is off by `jump` seconds."""
    shutil.copytree(kept.folder / "data", folder / "data", ignore=lambda _, names: [n for n in names if ".sock" in n])
    with closing(ClockShim(library, folder)) as clock:
        clock.jump(_LATER + jump)
        with CoreProcess(folder, clock.environment, password=kept.password) as core:
            yield ClockHouse(core, clock, Road(core, session=kept.session), kept)


def refused(step: Callable[[], object]) -> str:
    """The reason with which the step is refused."""
    with pytest.raises(grpc.RpcError) as caught:
        step()
    return reason_of(caught.value)


def issued_at(held: Held) -> int:
    """RFC 7519 §4.1.6."""
    payload = held.access_token.split(".")[1]
    moment: int = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["iat"]
    return moment


def require_serving_on(house: ClockHouse, held: Held, jump: int) -> Held:
    """The clock has jumped while the core served: time goes on as it was, and all is good that was good."""
    before, began = house.look().now, time.monotonic()
    house.jump(jump)
    found = house.look()
    assert found.drifting == (jump != 0)
    assert abs(found.drift - jump) <= SLACK
    assert (found.held_back, found.unconfirmed) == (False, False)
    held = house.road.refresh(held)
    assert before <= issued_at(held) <= before + (time.monotonic() - began) + 1
    assert house.road.is_active(held)
    assert house.road.is_active(house.road.connect())
    house.require_nothing_undone()
    return held


def require_held_back(house: ClockHouse, jump: int) -> None:
    """The core was started with a clock behind, and is held at the last time that was noted."""
    found, noted = house.look(), issued_at(house.kept.live) - 1
    assert found.held_back
    assert found.now >= noted
    assert abs(found.drift - jump) <= SLACK + found.now - noted
    assert "behind the last time this database has seen" in house.core.log.read_text()
    assert house.road.is_active(house.kept.live)
    assert issued_at(house.road.refresh(house.kept.live)) >= noted
    assert house.road.is_active(house.road.connect())
    house.require_nothing_undone()


def require_followed(house: ClockHouse, end: Ending) -> None:
    """The core was started an hour on: an hour has passed; with the right clock it stays there and loses nothing."""
    assert not house.look().unconfirmed
    assert not house.road.is_active(house.kept.live)
    held = house.road.refresh(house.kept.live)
    assert house.road.is_active(held)
    house.require_nothing_undone()

    house.restart(end, 0)
    assert house.look().held_back
    assert house.road.is_active(held)
    assert house.road.is_active(house.road.refresh(held))
    house.require_nothing_undone()


def require_doubted(house: ClockHouse, end: Ending) -> None:
    """The core was started ten years on: nothing expired lets anybody in, and the right clock finds it all.

    What was made in between does not live for ten years.
    """
    found, stored = house.look(), house.stored_grants()
    assert (found.unconfirmed, found.held_back, found.drifting) == (True, False, False)
    assert "tokenhouse clock confirm" in house.core.log.read_text()
    assert not house.road.is_active(house.kept.live)
    assert refused(lambda: house.road.refresh(house.kept.live)) == "INVALID_GRANT"
    house.require_nothing_undone()
    house.road.log_in()
    made_then, session_then = house.road.connect(), house.road.session
    assert house.road.is_active(made_then)
    assert house.stored_grants() == stored + 1

    house.restart(end, 0)
    assert not house.look().held_back
    assert not house.look().unconfirmed
    assert house.stored_grants() == stored + 1
    assert house.road.is_active(house.kept.live)
    assert house.road.is_active(house.road.refresh(house.kept.live))
    assert not house.road.is_active(made_then)
    assert refused(lambda: house.road.refresh(made_then)) == "INVALID_GRANT"
    assert not house.road.is_signed_in(session_then)
    assert house.road.is_signed_in(house.kept.session)
    house.require_nothing_undone()
