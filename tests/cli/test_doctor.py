"""`tokenhouse doctor`."""

import os
import re
import socket
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread
from typing import TypeAlias

import pysqlite3  # type: ignore[import-untyped]  # the wheel carries no types
import pytest

from core.store.sqlite.reserve import RESERVE_BYTES
from tests.cli.command import Operator, call_here
from tests.cli.patient import Patient
from tests.facade.pair import Pair
from tests.fakes.clock import ManualClock
from tests.ports import free_port
from tests.serving import Serving
from tests.store_sqlite.test_refused import link, other_program, run_sql, smash_pages, smash_sessions

_SUBJECTS = {"Configuration", "SQLite", "Core", "Files", "Database", "Master key", "Clock", "Disk", "Addresses"}
_OTHER_KEY = urlsafe_b64encode(b"x" * 32).decode()


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a core that has been stopped a moment ago."""
    folder = tmp_path_factory.mktemp("healthy")
    with Serving(folder, clock=ManualClock(int(time.time()))):
        pass
    return folder / "data"


@pytest.fixture
def patient(healthy: Path, tmp_path: Path) -> Patient:
    """All is well with it."""
    return Patient(tmp_path, healthy)


def test_all_is_well_while_serving(operator: Operator, pair: Pair) -> None:
    """Exit status 0; every subject is looked at, and nothing is found."""
    report = operator("doctor", "--json").json

    assert report["healthy"] is True
    assert {finding["subject"] for finding in report["findings"]} == _SUBJECTS
    assert {finding["verdict"] for finding in report["findings"]} == {"good"}
    words = [finding["words"] for finding in report["findings"]]
    assert f"a core is running: process {pair.core.pid} (python" in "".join(words)
    assert sum("the core listens on" in line for line in words) == 3
    assert operator("doctor").stdout.endswith("\n\nAll is well.\n")


def test_all_is_well_where_no_core_runs(patient: Patient) -> None:
    """Exit status 0; nothing is changed, and nothing is made."""
    before = patient.contents()
    said = patient.ask(0)

    assert set(said) == _SUBJECTS
    assert said["Core"] == ["note: no core is running"]
    assert said["Master key"][0].startswith(f"good: {patient.key} can be read and fits the database")
    assert patient.contents() == before


def test_before_the_first_start(tmp_path: Path) -> None:
    """What is not there yet is no problem, and is not made."""
    called = call_here("doctor", folder=tmp_path)

    assert called.stderr == ""
    assert called.stdout.count("is not there yet; the first start makes it\n") == 3
    assert list(tmp_path.iterdir()) == []


def _replace(path: Path, text: str) -> None:
    path.unlink()
    path.touch(0o600)
    path.write_text(text)


def _note_time(patient: Patient, seconds: int) -> None:
    with closing(pysqlite3.connect(str(patient.database), isolation_level=None)) as connection:
        noted = int(time.time()) + seconds
        connection.execute("UPDATE counters SET value = ? WHERE name = 'noted_time'", (noted,))


def _write_newer(path: Path) -> None:
    values = "('tokenhouse', 'from_2031', '')"
    run_sql(path, f"INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES {values}")  # noqa: S608


_Spoil: TypeAlias = Callable[[Patient], object]
_BACKUP = r": restore a backup: tokenhouse restore FILE$"
#: What is done to a healthy core, which subject has the problem, and what is said of it.
SPOILT: dict[str, tuple[_Spoil, str, str]] = {
    "DataDir writable by others": (
        lambda patient: patient.data.chmod(0o777),
        "Files",
        r"others may write in .*data \(mode 0777\); chmod 0700 it$",
    ),
    "folder readable by others": (
        lambda patient: patient.database.parent.chmod(0o755),
        "Files",
        r"database is open to others \(mode 0755\); chmod 0700 it$",
    ),
    "database readable by others": (
        lambda patient: patient.database.chmod(0o640),
        "Files",
        r"tokenhouse\.db is open to others \(mode 0640\); chmod 0600 it$",
    ),
    "database a link": (lambda patient: link(patient.database), "Files", r"tokenhouse\.db is not a plain file$"),
    "database empty": (lambda patient: os.truncate(patient.database, 0), "Database", r"\.db is empty" + _BACKUP),
    "database garbage": (
        lambda patient: patient.database.write_bytes(b"garbage" * 1000),
        "Database",
        r"file is not a database" + _BACKUP,
    ),
    "database smashed": (lambda patient: smash_pages(patient.database), "Database", "(malformed|damaged).*" + _BACKUP),
    "one page smashed": (lambda patient: smash_sessions(patient.database), "Database", r"is damaged \(.*" + _BACKUP),
    "of another program": (
        lambda patient: other_program(patient.database),
        "Database",
        r"is not a Tokenhouse database: name another DataDir, or restore a backup",
    ),
    "newer": (lambda patient: _write_newer(patient.database), "Database", r"by a newer Tokenhouse: update this one$"),
    "key missing": (lambda patient: patient.key.unlink(), "Master key", r"master\.key is not: restore the file"),
    "key readable by others": (lambda patient: patient.key.chmod(0o644), "Master key", "read by others: chmod 600"),
    "key cut": (
        lambda patient: os.truncate(patient.key, patient.key.stat().st_size - 3),
        "Master key",
        "is not a master key file: restore it from a copy$",
    ),
    "another key": (
        lambda patient: _replace(patient.key, f"1 {_OTHER_KEY}\n"),
        "Master key",
        r"is not the key of this database: put a copy of the right one in its place$",
    ),
    "another key in the configuration": (
        lambda patient: patient.write_config(f"127.0.0.1:{free_port()}", f"[Keys]\nMasterKey = {_OTHER_KEY}\n"),
        "Master key",
        r"Keys\.MasterKey is not the key of this database",
    ),
    "clock behind": (
        lambda patient: _note_time(patient, 3600),
        "Clock",
        r"clock is 3[56]\d\d s behind the last time that the database has seen.*: set it right$",
    ),
    "clock a year ahead": (
        lambda patient: _note_time(patient, -400 * 86400),
        "Clock",
        r"more than a year ahead .*: set it right, .* tokenhouse clock confirm DATE$",
    ),
    "no reserve": (
        lambda patient: patient.database.with_name("tokenhouse.reserve").unlink(),
        "Disk",
        r"the reserve is not there, .* nothing new is issued: a core that starts, .* puts it by again$",
    ),
    "something where a socket goes": (
        lambda patient: (patient.data / "core.sock").write_text(""),
        "Addresses",
        r"Grpc\.Socket: .*core\.sock is there and is no socket: remove what is there",
    ),
    "an address that is not here": (
        lambda patient: patient.write_config(
            f"127.0.0.1:{patient.grpc_port}", "[Metrics]\nCoreListen = 192.0.2.1:9464\n"
        ),
        "Addresses",
        r"Metrics\.CoreListen: cannot listen on 192\.0\.2\.1 .*: name another address$",
    ),
    "a configuration that cannot be used": (
        lambda patient: patient.write_config(f"127.0.0.1:{free_port()}", f"[Keys]\nMasterKey = {_OTHER_KEY[:-2]}\n"),
        "Configuration",
        r"tokenhouse\.conf:7: Keys\.MasterKey",
    ),
}


@pytest.mark.parametrize("wrong", list(SPOILT))
def test_one_thing_is_wrong(patient: Patient, wrong: str) -> None:
    """Exit status 1; that one subject has a problem, whose words say what to do; nothing is repaired, and no key is
    spoken aloud."""
    spoil, subject, words = SPOILT[wrong]
    spoil(patient)
    patient.secrets += [_OTHER_KEY, _OTHER_KEY[:-2]]
    before = patient.contents()
    found = patient.problems()

    assert list(found) == [subject], found
    assert re.search(words, found[subject][0]), found
    assert patient.contents() == before


def test_everything_is_wrong(patient: Patient) -> None:
    """One problem does not hide another."""
    SPOILT["DataDir writable by others"][0](patient)
    for name in ("clock behind", "another key", "no reserve", "an address that is not here"):
        SPOILT[name][0](patient)
    assert set(patient.problems()) == {"Files", "Clock", "Master key", "Disk", "Addresses"}


def test_every_folder_and_file_is_told(patient: Patient) -> None:
    """Nor does one of a kind hide another: each is told with what to do, so that one look is enough."""
    patient.data.chmod(0o777)
    patient.database.parent.chmod(0o755)
    patient.database.chmod(0o640)
    reserve = patient.database.with_name("tokenhouse.reserve")
    reserve.chmod(0o644)

    assert patient.problems()["Files"] == [
        f"problem: Server.DataDir: others may write in {patient.data} (mode 0777); chmod 0700 it",
        f"problem: {patient.database.parent} is open to others (mode 0755); chmod 0700 it",
        f"problem: {patient.database} is open to others (mode 0640); chmod 0600 it",
        f"problem: {reserve} is open to others (mode 0644); chmod 0600 it",
    ]


@pytest.mark.parametrize("damage", ["database garbage", "database smashed", "database empty"])
def test_a_damaged_database_without_its_key(patient: Patient, damage: str) -> None:
    """Nobody is told that the first start makes a key: it would not be the one that the backup needs."""
    SPOILT[damage][0](patient)
    patient.key.unlink()
    found = patient.problems()

    assert re.search(_BACKUP, found["Database"][0])
    assert re.search(r"master\.key is not: restore the file", found["Master key"][0])


@pytest.mark.parametrize("setting", ["Server.Listen", "Grpc.Listen"])
def test_a_port_that_is_taken(patient: Patient, setting: str) -> None:
    """By whom is said, as far as the system tells."""
    port = patient.port if setting == "Server.Listen" else patient.grpc_port
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", port))
        taker.listen()
        (words,) = patient.problems()["Addresses"]
    assert words.startswith(f"problem: {setting}: 127.0.0.1:{port} is taken by process {os.getpid()} (")
    assert words.endswith("): stop that, or name another port")


def test_a_disk_that_is_nearly_full(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less than twice the reserve is too little to go on with."""
    real = os.statvfs

    def statvfs(path: str) -> os.statvfs_result:
        told = list(real(path))
        told[4] = 2 * RESERVE_BYTES // told[1] - 1
        return os.statvfs_result(told)

    monkeypatch.setattr(os, "statvfs", statvfs)
    (words,) = patient.problems()["Disk"]
    assert "only 32 MB are free" in words
    assert words.endswith("make room for 33 MB at least")
    SPOILT["no reserve"][0](patient)
    (words,) = patient.problems()["Disk"]
    assert re.search(r"the reserve is not there, .*: make room for 33 MB, and a core that starts, ", words)


def test_what_a_restore_left(patient: Patient) -> None:
    """The old database is named, since it holds what it held; it is no problem."""
    patient.operator("backup", str(patient.folder / "backup"))
    patient.operator("restore", str(patient.folder / "backup"))
    assert "delete it when nobody needs it: tokenhouse.db.before-" in patient.ask(0)["Files"][1]


def test_a_restore_that_was_cut_off(patient: Patient) -> None:
    """The database is not missing: the next start has it."""
    patient.database.rename(patient.database.with_name("tokenhouse.db.restored-20310101T000000Z"))
    assert patient.ask(0)["Database"][0].endswith("was cut off; the next start finishes it")


def test_a_data_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """The first start would be refused."""
    (tmp_path / "file").touch()
    (tmp_path / "tokenhouse.conf").write_text("[Server]\nDataDir = file/data\n")
    called = call_here("doctor", folder=tmp_path)
    assert called.status == 1
    assert f"{tmp_path / 'file' / 'data'} cannot be made in {tmp_path / 'file'}: name another folder" in called.stdout


def test_another_users_folder(patient: Patient) -> None:
    """Whoever asks as somebody else is told so. Without root, a folder of root's has to do."""
    if os.geteuid() == 0:
        os.chown(patient.data, 65534, -1)
        assert re.search("belongs to user 65534, not to 0", patient.problems()["Files"][0])
    else:
        patient.write_config(f"127.0.0.1:{patient.grpc_port}", "[Server]\nDataDir = /usr\n")
        assert re.search("belongs to user 0, not to", patient.problems()["Files"][0])


@contextmanager
def _served(patient: Patient, clock: ManualClock) -> Iterator[Serving]:
    """A core on the patient's data, without a facade."""
    with Serving(patient.folder, clock=clock, settings=f"[Server]\nListen = 127.0.0.1:{patient.port}") as serving:
        yield serving


def test_a_core_without_a_facade(patient: Patient) -> None:
    """Worth a note: it may run elsewhere."""
    with _served(patient, ManualClock(int(time.time()))):
        said = patient.ask(0)
    assert said["Addresses"][3].endswith("tokenhouse serve facade starts one")
    assert said["Core"][0].startswith(f"good: a core is running: process {os.getpid()} (")


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (3600, r"3[56]\d\d s behind the time that is served: set it right"),
        (-3600, r"36\d\d s ahead .* restart the core"),
    ],
)
def test_a_clock_that_the_core_does_not_follow(patient: Patient, ahead: int, words: str) -> None:
    """The core's time counts, and the words say whether a restart helps."""
    _note_time(patient, -7200)
    with _served(patient, ManualClock(int(time.time()) + ahead)):
        (said,) = patient.problems()["Clock"]
    assert re.search(words, said)


def test_a_clock_in_doubt(patient: Patient) -> None:
    """Until somebody confirms it, nothing that expired is deleted."""
    with _served(patient, ManualClock(int(time.time()))) as serving:
        serving.clock.unconfirmed = True
        (said,) = patient.problems()["Clock"]
    assert said.endswith("tokenhouse clock confirm DATE")


@pytest.mark.parametrize("taken", [False, True])
def test_where_metrics_are_told(patient: Patient, taken: bool) -> None:
    """The core's address is looked at as its others are."""
    port = free_port()
    with socket.socket() as taker:
        if taken:
            taker.bind(("127.0.0.1", port))
            taker.listen()
        patient.write_config(f"127.0.0.1:{patient.grpc_port}", f"[Metrics]\nCoreListen = 127.0.0.1:{port}\n")
        if taken:
            (said,) = patient.problems()["Addresses"]
            assert said.startswith(f"problem: Metrics.CoreListen: 127.0.0.1:{port} is taken by process ")
        else:
            assert f"good: Metrics.CoreListen: 127.0.0.1:{port} is free" in patient.ask(0)["Addresses"]


def test_a_port_that_is_not_the_cores(patient: Patient) -> None:
    """The configuration was changed, and the core has not been restarted."""
    with _served(patient, ManualClock(int(time.time()))):
        port = free_port()
        patient.write_config(f"127.0.0.1:{port}")
        (said,) = patient.problems()["Addresses"]
    assert said == (
        f"problem: Grpc.Listen: nobody listens on 127.0.0.1:{port}: restart the core to let it use this setting"
    )


def test_a_core_that_does_not_answer(patient: Patient) -> None:
    """It listens and says nothing that makes sense: restart it. The rest is looked at all the same."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(patient.data / "admin.sock"))
        listener.listen()
        Thread(target=_hang_up, args=(listener,), daemon=True).start()
        found = patient.problems()
    assert found["Core"][0].startswith(f"problem: the core at {patient.data / 'admin.sock'} ")
    assert found["Core"][0].endswith(": restart it")
    assert {"Core", "Addresses"} == set(found)


def _hang_up(listener: socket.socket) -> None:
    """Close every connection."""
    while True:
        try:
            with closing(listener.accept()[0]):
                pass
        except OSError:
            return
