"""kill -9, a hundred times at random under load, and at every write and fsync of a road."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from random import Random
from threading import Event

import pytest

from tests.faults.again import until_answered
from tests.faults.core_process import CoreProcess
from tests.faults.disk_shim import ChangeKind, DiskShim
from tests.faults.facade_process import FacadeProcess
from tests.faults.http_road import HttpRoad, http_client
from tests.faults.promises import Promise, broken_promises
from tests.faults.road import Road
from tests.faults.stubs import Stubs
from tests.faults.survivors import Findings, Survivor
from tests.torture.conftest import Figures

_KILLS = 100
_CLIENTS = 8
_TOO_MANY = 1000
#: A facade that has the patience for a core that starts on a busy machine.
_PATIENT = ("-m", "tests.faults.patient_facade")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What is closed in the end."""
    with ExitStack() as opened:
        yield opened


def patient_stubs(core: CoreProcess, stack: ExitStack) -> Stubs:
    """Stubs that wait for a core that is away."""
    stubs = core.patient_stubs()
    stack.callback(stubs.disconnect)
    return stubs


def test_at_random(tmp_path: Path, figures: Figures, stack: ExitStack) -> None:
    """Sessions live through all of them, each token has one successor, and all that was acknowledged is there."""
    started, random, findings, over = time.monotonic(), Random(5), Findings(), Event()
    core = stack.enter_context(CoreProcess(tmp_path))
    facade = stack.enter_context(FacadeProcess(tmp_path, command=_PATIENT))
    road, names = Road(core, findings.promises.append), [f"user-{number}" for number in range(_CLIENTS)]
    for name in names:
        road.create_user(name)
    clients = [Survivor(name, patient_stubs(core, stack), facade.url, findings) for name in names]
    threads = stack.enter_context(ThreadPoolExecutor(_CLIENTS))
    living = [threads.submit(client.live, over) for client in clients]
    stack.callback(over.set)
    for _ in range(_KILLS):
        enough = len(findings.promises) + random.randrange(1, 60)
        while len(findings.promises) < enough:
            require_none_failed(living)
            time.sleep(random.random() / 100)
        victim = random.choice((core, core, facade))
        victim.kill()
        victim.start()
    over.set()
    for each in living:
        each.result()
    core.kill()

    figures(f"{_KILLS} kills, {dict(findings.done)}, {len(findings.promises)} acknowledgements")
    figures(f"in {time.monotonic() - started:.0f} s; wrong: {len(findings.wrong)}")
    assert findings.wrong == []
    assert findings.done["refreshes"] > _KILLS
    assert broken_promises(core.database, findings.promises) == []


def require_none_failed(running: list[Future[None]]) -> None:
    """Whoever ended early has failed."""
    for each in running:
        if each.done():
            each.result()


def test_at_every_write(library: Path, tmp_path: Path, figures: Figures, stack: ExitStack) -> None:
    """Register, consent, redeem, refresh and revoke, each answered as if the core had not died under it."""
    started = time.monotonic()
    shim = stack.enter_context(closing(DiskShim(library, tmp_path / "data" / "database", tmp_path)))
    core = stack.enter_context(CoreProcess(tmp_path, shim.environment))
    facade = stack.enter_context(FacadeProcess(tmp_path, command=_PATIENT))
    promises: list[Promise] = []
    road = HttpRoad(
        patient_stubs(core, stack), promises.append, http=stack.enter_context(http_client(facade.url)), session=""
    )
    Road(core, promises.append).create_user("ada")
    road.log_in("ada")
    walker = stack.enter_context(ThreadPoolExecutor(1))
    for number in range(1, _TOO_MANY):
        shim.kill(ChangeKind.WRITTEN, ChangeKind.SYNCED, number=number)
        walking = walker.submit(walk, road)
        while not wait([walking], timeout=0.01).done:
            if core.has_ended:
                core.start()
        walking.result()
        if not shim.failed:
            break
    core.kill()

    figures(f"{number - 1} places, {len(promises)} acknowledgements in {time.monotonic() - started:.0f} s")
    assert 10 < number < _TOO_MANY
    assert broken_promises(core.database, promises) == []


def walk(road: HttpRoad) -> None:
    """Nobody on this road hears of a core that died; what may be asked again is."""
    client_id = until_answered(road.register)
    held = road.redeem(client_id, until_answered(partial(road.consent, client_id)))
    successor = road.refresh(held)
    assert (held.generation, successor.generation) == (1, 2)
    assert until_answered(partial(road.is_active, successor))
    road.revoke(successor)
    assert not until_answered(partial(road.is_active, successor))
