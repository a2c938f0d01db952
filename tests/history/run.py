"""A history of the real core and the real facade, which are restarted and killed on the way."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic_ns

from tests.faults.core_process import CoreProcess
from tests.faults.facade_process import FacadeProcess
from tests.faults.http_road import HttpRoad, http_client
from tests.faults.promises import Promise, PromiseKind, broken_promises
from tests.faults.road import Road
from tests.history.board import Board
from tests.history.calls import Call, History, Kind, Outcome, read_history
from tests.history.clients import RandomClient

_CORE = ("-m", "core")
_USERS = 4
_CLIENTS = 8


@dataclass(frozen=True)
class Recorded:
    """What was written down, and which acknowledgements the database that was left does not keep."""

    calls: Sequence[Call]
    broken_promises: list[str]


def record_history(
    folder: Path,
    command: Sequence[str] = _CORE,
    *,
    steps: int,
    restarts: int,
    seed: int = 0,
    environment: Mapping[str, str] | None = None,
) -> Recorded:
    """Let eight clients take so many steps each, while core and facade are restarted so often; then look back.

    `command` is what Python runs as the core, and `environment` what that gets beside the test's own.
    """
    file, history, promises = folder / "history", History(folder / "history"), list[Promise]()
    with CoreProcess(folder, environment or {}, command) as core, ExitStack() as stack:
        stack.callback(history.close)
        facade = stack.enter_context(FacadeProcess(folder))
        clients = _clients(core, facade, history, promises, seed, stack)
        threads = stack.enter_context(ThreadPoolExecutor(_CLIENTS))
        running = [threads.submit(client.run, steps) for client in clients]
        for number in range(restarts):
            # Right then what was acknowledged too early is not there yet.
            history.wait_for_acknowledgement(after=steps * _CLIENTS * (number + 1) // (restarts + 2))
            history.add(_restart(core, facade, number))
        for each in running:
            each.result()
        core.kill()
        core.start()
        clients[0].look_back()
        core.kill()
    # A user who was disabled has been enabled again.
    kept = [promise for promise in promises if promise.kind is not PromiseKind.DISABLED]
    return Recorded(read_history(file), broken_promises(core.database, kept))


def _clients(
    core: CoreProcess, facade: FacadeProcess, history: History, promises: list[Promise], seed: int, stack: ExitStack
) -> list[RandomClient]:
    users = [f"user-{number}" for number in range(_USERS)]
    operator, board, clients = Road(core, promises.append), Board(), []
    for user in users:
        operator.create_user(user)
    for number in range(_CLIENTS):
        stubs = core.patient_stubs()
        stack.callback(stubs.disconnect)
        road = HttpRoad(stubs, promises.append, http=stack.enter_context(http_client(facade.url)))
        user = users[number % _USERS]
        road.log_in(user)
        clients.append(RandomClient(user, road, board, history, f"{seed} {number}"))
    return clients


def _restart(core: CoreProcess, facade: FacadeProcess, number: int) -> Call:
    process, end = (
        (core, core.kill),
        (facade, facade.kill),
        (core, core.kill),
        (core, core.stop),
        (facade, facade.stop),
    )[number % 5]
    start = monotonic_ns()
    end()
    process.start()
    return Call(Kind.RESTART, Outcome.YES, start, monotonic_ns())
