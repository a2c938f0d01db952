"""A full disk: nothing new is issued, what ends something is written, and all is well when there is room again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import grpc
import pytest
from tokenhouse.v1.backup_admin_pb2 import CreateBackupRequest

from core.store.sqlite.folder import RESERVE
from core.store.sqlite.reserve import RESERVE_BYTES
from tests.faults.core_process import CoreProcess
from tests.faults.promises import Promise, broken_promises
from tests.faults.refusals import require_unavailable
from tests.faults.road import Road
from tests.faults.small_disk import SmallDisk
from tests.serving import DEADLINE, reason_of


@pytest.fixture
def promises() -> list[Promise]:
    """What was acknowledged to `road`."""
    return []


@pytest.fixture
def core(small_disk: SmallDisk, tmp_path: Path) -> Iterator[CoreProcess]:
    """A core on the small disk."""
    with CoreProcess(tmp_path, small_disk.environment) as serving:
        yield serving


@pytest.fixture
def road(core: CoreProcess, promises: list[Promise]) -> Road:
    """Somebody who has logged in."""
    logged_in = Road(core, promises.append)
    logged_in.log_in()
    return logged_in


def test_what_ends_something_is_written(
    core: CoreProcess, road: Road, small_disk: SmallDisk, promises: list[Promise]
) -> None:
    """Revocation by client and operator, a blocked client, a disabled user, a code presented again, a log-out.

    The first to meet the full disk is itself a revocation, and is acknowledged.
    """
    held = [road.connect() for _ in range(5)]
    road.create_user("ada")
    code_of = road.register()
    code = road.consent(code_of)
    used = road.redeem(code_of, code)
    small_disk.fill()

    road.revoke(held[0])
    road.revoke_as_operator(held[1])
    road.block(held[2].client_id)
    road.disable("ada")
    with pytest.raises(grpc.RpcError) as reused:
        road.redeem(code_of, code)
    road.log_out()

    assert reason_of(reused.value) == "INVALID_GRANT"
    assert [road.is_active(each) for each in (*held, used)] == [False, False, False, True, True, False]
    assert not (core.database / RESERVE).exists()
    core.kill()
    assert broken_promises(core.database, promises) == []


def test_hundreds_of_grants_are_ended(core: CoreProcess, road: Road, small_disk: SmallDisk) -> None:
    """The room put by is enough for far more than one operator's hour."""
    held = [road.connect() for _ in range(200)]
    small_disk.fill()
    for each in held:
        road.revoke(each)

    assert not any(road.is_active(each) for each in held)


def test_neighbours_are_told_apart(
    core: CoreProcess, road: Road, small_disk: SmallDisk, promises: list[Promise]
) -> None:
    """Of those who come at once, sharing commits, whoever ends something is served and whoever wants more is not."""
    held = [road.connect() for _ in range(12)]
    small_disk.fill()
    with ThreadPoolExecutor(len(held)) as threads:
        for each in [
            threads.submit(road.revoke, one)
            if number % 2
            else threads.submit(require_unavailable, partial(road.refresh, one))
            for number, one in enumerate(held)
        ]:
            each.result()

    assert [road.is_active(one) for one in held] == [True, False] * 6
    core.kill()
    assert broken_promises(core.database, promises) == []


def test_nothing_new_is_issued_until_there_is_room(core: CoreProcess, road: Road, small_disk: SmallDisk) -> None:
    """UNAVAILABLE for whoever wants more; what costs nothing is answered: validation, a repeated refresh.

    When there is room again all is well without a restart, and the reserve is made again before anybody is
    given anything.
    """
    held = road.connect()
    successor = road.refresh(held)
    client_id = road.register()
    code = road.consent(client_id)
    small_disk.fill()

    for wanted in (
        lambda: road.refresh(successor),
        lambda: road.redeem(client_id, code),
        lambda: road.consent(client_id),
        road.register,
        road.log_in,
    ):
        require_unavailable(wanted)
    assert road.is_active(successor)
    assert road.refresh(held).refresh_token == successor.refresh_token
    small_disk.empty()

    assert road.refresh(successor).generation == successor.generation + 1
    road.log_in()
    assert road.connect().generation == 1
    assert (core.database / RESERVE).stat().st_blocks * 512 >= RESERVE_BYTES


def test_a_start_on_a_full_disk(core: CoreProcess, road: Road, small_disk: SmallDisk, promises: list[Promise]) -> None:
    """It serves what it can: validations and revocations; what was acknowledged before is there."""
    held = [road.connect() for _ in range(2)]
    core.stop()
    small_disk.fill()
    core.start()

    assert road.is_active(held[0])
    road.revoke(held[0])
    assert not road.is_active(held[0])
    require_unavailable(lambda: road.refresh(held[1]))
    small_disk.empty()
    assert road.refresh(held[1]).generation == 2
    core.kill()
    assert broken_promises(core.database, promises) == []


def test_a_backup_onto_another_disk(core: CoreProcess, road: Road, small_disk: SmallDisk, tmp_path: Path) -> None:
    """What is on the full disk can be brought to safety, and that takes none of the room for revocations."""
    held = road.connect()
    small_disk.fill()
    for _ in range(3):
        core.backups.CreateBackup(CreateBackupRequest(path=str(tmp_path / "backup"), overwrite=True), timeout=DEADLINE)

    assert held.client_id.encode() in (tmp_path / "backup").read_bytes()
    assert (core.database / RESERVE).exists()
    road.revoke(held)
    assert not road.is_active(held)
