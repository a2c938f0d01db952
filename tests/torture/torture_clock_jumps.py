"""A wall clock that jumps: every jump between two lives of a core, ended either way; and hundreds under load."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random
from threading import Event
from urllib.parse import parse_qs, urlsplit

import grpc
import httpx
import pytest

from tests.facade.pair import Pair
from tests.facade.road import Visit, register
from tests.faults.clock_house import (
    JUMPS,
    ClockHouse,
    Ending,
    issued_at,
    living,
    prepare,
    require_doubted,
    require_followed,
    require_held_back,
)
from tests.faults.clock_shim import HOUR, YEAR, ClockShim, build_clock_shim
from tests.faults.core_process import CoreProcess
from tests.faults.road import Road
from tests.patience import PATIENCE
from tests.torture.conftest import Figures

_CLIENTS = 64
_HTTP_CLIENTS = 16
_JUMPS = 400
_ENDINGS = {"stopped": CoreProcess.stop, "killed": CoreProcess.kill}

_REQUIRED: dict[int, Callable[[ClockHouse, Ending], None]] = {
    HOUR: require_followed,
    10 * YEAR: require_doubted,
    -HOUR: lambda house, end: require_held_back(house, -HOUR),
    -10 * YEAR: lambda house, end: require_held_back(house, -10 * YEAR),
}


@pytest.fixture(scope="session")
def clock_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shim, compiled."""
    return build_clock_shim(tmp_path_factory.mktemp("clock"))


@pytest.mark.parametrize("end", _ENDINGS.values(), ids=list(_ENDINGS))
@pytest.mark.parametrize("jump", JUMPS)
def test_across_a_restart(clock_library: Path, tmp_path: Path, figures: Figures, jump: int, end: Ending) -> None:
    """README, Grants: nothing expired or revoked lives again, nothing is lost, whichever way the core ended."""
    started = time.monotonic()
    kept = prepare(clock_library, tmp_path / "kept", end)
    with living(kept, clock_library, tmp_path, jump) as house:
        _REQUIRED[jump](house, end)
    figures(f"{jump} s: kept in {time.monotonic() - started:.0f} s")


def test_jumps_under_load(clock_library: Path, tmp_path: Path, figures: Figures) -> None:
    """Of many clients' calls, some in flight at each jump, none is refused, and no token's time goes back."""
    with (
        closing(ClockShim(clock_library, tmp_path)) as clock,
        CoreProcess(tmp_path, clock.environment) as core,
        ThreadPoolExecutor(_CLIENTS) as pool,
    ):
        road, over, random = Road(core), Event(), Random(3)
        road.log_in()
        clients = [pool.submit(_refresh_until, over, road) for _ in range(_CLIENTS)]
        for _ in range(_JUMPS):
            clock.jump(random.choice((0, *JUMPS)))
            over.wait(random.uniform(0.0, 0.1))
        over.set()
        found = sum((client.result() for client in clients), Counter())

    figures(f"{_JUMPS} jumps: {dict(found)}")
    assert set(found) == {"refreshed"}
    assert found["refreshed"] > _JUMPS


def test_jumps_under_load_over_http(
    clock_library: Path, tmp_path: Path, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both processes under the same clock: each refresh is answered with 200, whenever the clock jumps."""
    with closing(ClockShim(clock_library, tmp_path)) as clock, ThreadPoolExecutor(_HTTP_CLIENTS) as pool:
        for name, value in clock.environment.items():
            monkeypatch.setenv(name, value)
        with Pair(tmp_path) as pair:
            over, random, visit = Event(), Random(4), Visit(pair, register(pair))
            tokens = [visit.redeem(visit.code()).json()["refresh_token"]]
            tokens += [visit.redeem(another_code(visit)).json()["refresh_token"] for _ in range(_HTTP_CLIENTS - 1)]
            clients = [pool.submit(_refresh_over_http, over, pair, visit.client_id, token) for token in tokens]
            for _ in range(_JUMPS):
                clock.jump(random.choice((0, *JUMPS)))
                over.wait(random.uniform(0.0, 0.1))
            over.set()
            found = sum((client.result() for client in clients), Counter())

    figures(f"{_JUMPS} jumps: {dict(found)}")
    assert set(found) == {200}
    assert found[200] > _JUMPS


def another_code(visit: Visit) -> str:
    """A code for a browser that is signed in already."""
    answer = visit.send(visit.start(), "/consent", decision="allow")
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def _refresh_over_http(over: Event, pair: Pair, client_id: str, token: str) -> Counter[int]:
    found = Counter[int]()
    with httpx.Client(base_url=pair.base, timeout=PATIENCE, trust_env=False) as client:
        while not over.is_set():
            form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": client_id}
            answer = client.post("/oauth/v1/token", data=form)
            found[answer.status_code] += 1
            token = answer.json().get("refresh_token", token)
    return found


def _refresh_until(over: Event, road: Road) -> Counter[str]:
    found, held = Counter[str](), road.connect()
    while not over.is_set():
        try:
            next_held = road.refresh(held)
            found["refreshed"] += 1
            found["time went back"] += issued_at(next_held) < issued_at(held)
            found["not active"] += not road.is_active(next_held)
            held = next_held
        except grpc.RpcError as error:
            found[f"{error.code().name} {error.details()}"] += 1
    return +found
