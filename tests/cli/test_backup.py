"""`tokenhouse backup`."""

import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from tokenhouse.v1 import audit_admin_pb2

from core.store.sqlite.database import connect_writer
from core.store.sqlite.schema_steps import STEPS
from tests.cli.command import Operator, call_here
from tests.facade.pair import Pair
from tests.facade.road import Visit
from tests.serving import DEADLINE, Serving

_MADE = audit_admin_pb2.ListAuditRecordsRequest(acts=[audit_admin_pb2.AUDIT_ACT_BACKUP_CREATE])


@pytest.fixture
def stopped(tmp_path: Path) -> Operator:
    """Whoever looks after a core that has been stopped."""
    with Serving(tmp_path):
        pass
    return Operator(tmp_path / "tokenhouse.conf")


def test_while_serving(operator: Operator, visit: Visit, tmp_path: Path) -> None:
    """The core makes it: 0600, whole, with everything so far; and goes on."""
    code = visit.code()
    made = operator("backup", str(tmp_path / "backup"), "--json").json

    file = tmp_path / "backup"
    assert made == {"path": str(file), "size": file.stat().st_size, "revision": made["revision"]}
    assert file.stat().st_mode & 0o777 == 0o600
    assert visit.client_id.encode() in file.read_bytes()
    assert visit.redeem(code).status_code == 200


def test_where_the_operator_stands(pair: Pair, tmp_path: Path) -> None:
    """A relative path is the operator's, wherever the core stands; the words say what else is needed."""
    called = call_here("backup", "b.backup", "--config", str(pair.folder / "t.conf"), folder=tmp_path)

    assert (called.status, called.stderr) == (0, "")
    assert called.stdout.startswith(f"{tmp_path / 'b.backup'} is made (")
    assert "Without the master key it is worth nothing: keep that too." in called.stdout
    assert list(tmp_path.iterdir()) == [tmp_path / "b.backup"]


@pytest.mark.parametrize("served", [True, False])
def test_nothing_is_overwritten_unless_told(
    operator: Operator, stopped: Operator, tmp_path: Path, served: bool
) -> None:
    """Exit status 1, one line, and the file as it was; --overwrite replaces a backup and nothing else."""
    back_up = operator if served else stopped
    file, key = tmp_path / "backup", tmp_path / "key"
    file.write_bytes(b"precious")
    refused = back_up("backup", str(file))
    still_refused = back_up("backup", str(file), "--overwrite")

    assert (refused.status, still_refused.status) == (1, 1)
    assert refused.stderr == f"tokenhouse: {file} is there already: only --overwrite replaces an older backup\n"
    assert still_refused.stderr == f"tokenhouse: {file} is no backup, and is left as it is\n"
    assert file.read_bytes() == b"precious"
    assert back_up("backup", str(key)).status == 0
    assert back_up("backup", str(key), "--overwrite").status == 0


def test_where_no_core_runs(stopped: Operator, tmp_path: Path) -> None:
    """The command makes it itself; the audit trail, which is all that changes, says who has made it."""
    assert stopped("backup", str(tmp_path / "backup")).stderr == ""

    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o600
    with Serving(tmp_path) as serving:
        [record] = serving.audit.ListAuditRecords(_MADE, timeout=DEADLINE).records
    assert (record.actor, record.target) == (f"uid:{os.geteuid()}", str(tmp_path / "backup"))


def test_a_database_that_cannot_be_written(stopped: Operator, tmp_path: Path) -> None:
    """One of an older program is copied as it is, for whoever is about to update: one line says that the audit trail
    does not tell of it."""
    database = tmp_path / "data" / "database" / "tokenhouse.db"
    with closing(connect_writer(database)) as connection:
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = ?", (STEPS[-1],))
    before = database.read_bytes()
    made = stopped("backup", str(tmp_path / "backup"))

    assert made.status == 0
    assert made.stderr == "tokenhouse: the audit trail does not tell of it: the database could not be written\n"
    assert database.read_bytes() == before


def test_after_a_crash(stopped: Operator, tmp_path: Path) -> None:
    """What is in the log alone is in the backup."""
    with Serving(tmp_path) as serving:
        serving.core.create_first_user()
        shutil.copytree(tmp_path / "data" / "database", tmp_path / "crashed")
    database = tmp_path / "data" / "database"
    shutil.rmtree(database)
    (tmp_path / "crashed").rename(database)
    assert (database / "tokenhouse.db-wal").stat().st_size > 0
    assert stopped("backup", str(tmp_path / "backup")).status == 0

    assert b"operators" in (tmp_path / "backup").read_bytes()


def test_without_a_database(tmp_path: Path) -> None:
    """Nothing is made where there is nothing to copy: one line, exit status 1."""
    refused = call_here("backup", "b", folder=tmp_path)

    assert (refused.status, refused.stdout) == (1, "")
    assert refused.stderr == f"tokenhouse: there is no database in {tmp_path / 'data' / 'database'}\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("served", [True, False])
def test_a_place_that_will_not_do(operator: Operator, stopped: Operator, tmp_path: Path, served: bool) -> None:
    """One line that names the place."""
    refused = (operator if served else stopped)("backup", str(tmp_path / "missing" / "backup"))

    place = tmp_path / "missing" / "backup"
    assert (refused.status, refused.stderr) == (1, f"tokenhouse: {place} cannot be made: No such file or directory\n")
