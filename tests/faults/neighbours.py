"""Transactions that share a commit on a disk that comes and goes: each is answered truly."""

import errno
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random

from tests.faults.core_process import CoreProcess
from tests.faults.disk_shim import GROWING, ChangeKind, DiskShim
from tests.faults.promises import Promise, broken_promises
from tests.faults.refusals import until_done
from tests.faults.road import Held, Road
from tests.patience import PATIENCE

_CLIENTS = 12
#: Added to each fsync, in seconds, so that transactions meet in one commit.
_FSYNC_DELAY = 0.002


def come_and_go(shim: DiskShim, error: int, faults: int) -> None:
    """Fail from some call on until a few calls have failed, be well for some calls, and so on."""
    kinds = GROWING if error == errno.ENOSPC else (ChangeKind.WRITTEN, ChangeKind.SYNCED)
    random = Random(3)
    for _ in range(faults):
        shim.fail(*kinds, error=error, first=random.randrange(1, 30))
        failures, deadline = random.randrange(1, 5), time.monotonic() + PATIENCE
        while shim.failed < failures:
            assert time.monotonic() < deadline
            time.sleep(0.0005)
        shim.heal()


def use(road: Road, held: Held, over: threading.Event) -> Held:
    """Refresh again and again; what is refused for now is asked again with the same token, as clients do."""
    while not over.is_set():
        before, held = held, until_done(partial(road.refresh, held))
        assert held.generation == before.generation + 1
    return held


def answer_truly(shim: DiskShim, folder: Path, error: int, *, faults: int) -> int:
    """Twelve clients of a core whose disk comes and goes; how many acknowledgements they got, each of which is kept."""
    promises: list[Promise] = []
    over = threading.Event()
    with CoreProcess(folder, shim.environment) as core, ThreadPoolExecutor(_CLIENTS) as threads:
        # What made the database is in the log no longer: to write that anew takes more calls than lie between faults.
        core.stop()
        core.start()
        road = Road(core, promises.append)
        road.log_in()
        clients = [road.connect() for _ in range(_CLIENTS)]
        shim.delay_fsync(_FSYNC_DELAY)
        using = [threads.submit(use, road, held, over) for held in clients]
        try:
            come_and_go(shim, error, faults)
        finally:
            over.set()
        clients = [client.result() for client in using]
        _end_every_other(road, clients, shim, threads)
        assert all(until_done(partial(road.refresh, held)).grant_id == held.grant_id for held in clients[1::2])
        core.kill()

    assert broken_promises(core.database, promises) == []
    return len(promises)


def _end_every_other(road: Road, clients: list[Held], shim: DiskShim, threads: ThreadPoolExecutor) -> None:
    shim.fail(ChangeKind.WRITTEN, error=errno.EIO, first=3, last=60)
    for ended in [threads.submit(until_done, partial(road.revoke, held)) for held in clients[::2]]:
        ended.result()
    assert [road.is_active(held) for held in clients] == [False, True] * (_CLIENTS // 2)
