"""Backups of a large database, one after another, while clients refresh: what they cost whoever waits for a commit."""

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from tokenhouse.v1.backup_admin_pb2 import CreateBackupRequest

from core.store.sqlite.outside import look_from_outside
from core.store.sqlite.store import SqliteStore, open_store
from core.store.sqlite.transaction import SqliteTransaction
from tests.faults.core_process import CoreProcess
from tests.faults.promises import Promise, broken_promises
from tests.faults.road import Held, Road
from tests.running import wait_until
from tests.store_contract.nouns import a_client, a_user, an_active_grant
from tests.torture.conftest import Figures

_GRANTS = 200_000
_PER_COMMIT = 500
_CLIENTS = 8
#: How long each part lasts, in seconds.
_SPAN = 15
_DEADLINE = 120


@pytest.fixture
def promises() -> list[Promise]:
    """What was acknowledged."""
    return []


@pytest.fixture
def core(tmp_path: Path) -> Iterator[CoreProcess]:
    """A core on a database that has grown for long."""
    with CoreProcess(tmp_path) as serving:
        serving.stop()
        with closing(open_store(serving.database, on_commit=lambda changes: None)) as store:
            _fill(store)
        serving.start()
        yield serving


def _fill(store: SqliteStore) -> None:
    store.write(lambda transaction: transaction.create_user(a_user()))
    store.write(lambda transaction: transaction.register_client(a_client()))
    for _ in range(_GRANTS // _PER_COMMIT):
        grants = [an_active_grant(id=os.urandom(16), secret=os.urandom(32)) for _ in range(_PER_COMMIT)]
        store.write_all([partial(SqliteTransaction.create_grant, grant=grant) for grant in grants])


def test_who_waits_for_a_commit(core: CoreProcess, promises: list[Promise], tmp_path: Path, figures: Figures) -> None:
    """Every refresh is answered, during backups as without; and each backup is whole, and one moment."""
    road = Road(core, promises.append)
    road.log_in()
    held = [road.connect() for _ in range(_CLIENTS)]
    with ThreadPoolExecutor(_CLIENTS) as threads:
        for with_backups in (False, True, False):
            over = Event()
            refreshing = [threads.submit(_refresh, road, each, over) for each in held]
            made = _make_backups(core, tmp_path) if with_backups else _wait()
            over.set()
            ended = [each.result() for each in refreshing]
            held = [each for each, _ in ended]
            _show(figures, [took for _, times in ended for took in times], made)

    with look_from_outside(tmp_path / "backup") as view:
        assert view.find_damage() == ""
        assert view.is_ours()
    core.kill()
    assert broken_promises(core.database, promises) == []


def test_who_hangs_up(core: CoreProcess, tmp_path: Path, figures: Figures) -> None:
    """A backup whose caller is gone leaves nothing, nor does one of a core that stops; and the next one is made."""
    for _ in range(5):
        asked = _begin(core, tmp_path)
        asked.cancel()
        wait_until(lambda: not list(tmp_path.glob("*backup*")), "the backup to be given up")
    core.backups.CreateBackup(_request(tmp_path), timeout=_DEADLINE)
    (tmp_path / "backup").unlink()
    _begin(core, tmp_path)
    began = time.monotonic()
    core.stop()
    figures(f"a core that was making a backup stopped within {time.monotonic() - began:.1f} s")
    assert not list(tmp_path.glob("*backup*"))


def _begin(core: CoreProcess, folder: Path) -> Any:
    """A call that has begun to copy."""
    asked = core.backups.CreateBackup.future(_request(folder), timeout=_DEADLINE)
    wait_until((folder / ".backup.unfinished").exists, "the backup to begin")
    return asked


def _request(folder: Path) -> CreateBackupRequest:
    return CreateBackupRequest(path=str(folder / "backup"), overwrite=True)


def _refresh(road: Road, held: Held, over: Event) -> tuple[Held, list[float]]:
    """Refresh until it is over; what is held then, and how long each refresh took, in seconds."""
    times = []
    while not over.is_set():
        began = time.perf_counter()
        held = road.refresh(held)
        times.append(time.perf_counter() - began)
    return held, times


def _wait() -> list[float]:
    time.sleep(_SPAN)
    return []


def _make_backups(core: CoreProcess, folder: Path) -> list[float]:
    """One after another; how long each took."""
    times: list[float] = []
    until = time.monotonic() + _SPAN
    while time.monotonic() < until:
        began = time.monotonic()
        core.backups.CreateBackup(_request(folder), timeout=_DEADLINE)
        times.append(time.monotonic() - began)
    return times


def _show(figures: Figures, took: Sequence[float], made: Sequence[float]) -> None:
    ordered = sorted(took)
    p50, p99 = (1000 * ordered[int(len(ordered) * part)] for part in (0.5, 0.99))
    backups = f"{len(made)} backups of {sum(made) / len(made):.2f} s each" if made else "no backup"
    figures(
        f"{backups}: {len(ordered) / _SPAN:.0f} refreshes a second, p50 {p50:.1f} ms, p99 {p99:.1f} ms, "
        f"longest {1000 * ordered[-1]:.0f} ms"
    )
