"""`tokenhouse restore`."""

import getpass
import os
import re
from pathlib import Path

import pytest
from tokenhouse.v1 import audit_admin_pb2, changes_pb2

from tests.cli.command import Operator
from tests.rpc.road import Road, refused
from tests.rpc.watching import watching
from tests.serving import DEADLINE, Serving


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """Whoever looks after the core in this folder."""
    return Operator(tmp_path / "tokenhouse.conf")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The backup."""
    return tmp_path / "tokenhouse.backup"


@pytest.fixture
def serving(tmp_path: Path) -> Serving:
    """A core, stopped."""
    return Serving(tmp_path)


def serve_and_back_up(serving: Serving, operator: Operator, file: Path) -> tuple[Road, list[str]]:
    """A road and the access token and refresh token of before and of after the backup; the core is stopped."""
    with serving:
        road = Road(serving)
        road.begin()
        before = road.connect()
        assert operator("backup", str(file)).status == 0
        after = road.connect()
    return road, [before.access_token, before.refresh_token, after.access_token, after.refresh_token]


@pytest.mark.parametrize("keep_grants", [False, True])
def test_tokens_of_before(serving: Serving, operator: Operator, file: Path, keep_grants: bool) -> None:
    """Every token is refused, of before the backup and after it; with --keep-grants the grants of before it go on. The
    audit trail says who has done it, with which backup and what became of the grants."""
    road, tokens = serve_and_back_up(serving, operator, file)
    restored = operator("restore", str(file), *(["--keep-grants"] if keep_grants else []), "--json").json
    assert restored["ended_grants"] == (0 if keep_grants else 1)
    assert restored["path"] == str(file)

    with serving:
        for access_token in tokens[::2]:
            assert not road.validate(access_token).active
        assert refused(serving.tokens.IssueToken, road.refreshing(tokens[3])).reason == "INVALID_GRANT"
        if keep_grants:
            refreshed = serving.tokens.IssueToken(road.refreshing(tokens[1]), timeout=DEADLINE)
            assert road.validate(refreshed.access_token).active
        else:
            assert refused(serving.tokens.IssueToken, road.refreshing(tokens[1])).reason == "INVALID_GRANT"
        road.session_token = road.log_in().session_token
        assert road.validate(road.connect().access_token).active
        asked = audit_admin_pb2.ListAuditRecordsRequest(acts=[audit_admin_pb2.AUDIT_ACT_RESTORE])
        [record] = serving.audit.ListAuditRecords(asked, timeout=DEADLINE).records
    assert (record.actor_kind, record.actor) == (audit_admin_pb2.AUDIT_ACTOR_KIND_OPERATOR, f"uid:{os.geteuid()}")
    assert record.actor_name == getpass.getuser()
    became = "grants kept" if keep_grants else "grants ended: 1"
    assert re.fullmatch(rf"as of 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ, {became}, {re.escape(str(file))}", record.target)
    assert record.reason == ("grants_kept" if keep_grants else "grants_ended")


def test_what_it_says(serving: Serving, operator: Operator, file: Path) -> None:
    """When the backup is from, where the old database is, and what everybody has to do now."""
    serve_and_back_up(serving, operator, file)
    said = operator("restore", str(file)).stdout
    assert re.match(rf"{file} is restored, as of 20\d\d-\d\d-\d\d \d\d:\d\d UTC\.\n", said)
    (kept,) = re.findall(r"is kept as (\S+);", said)
    assert Path(kept).stat().st_mode & 0o777 == 0o600
    assert "1 grant ended, and every token: users connect their tools again." in said
    assert "repeat what changed since" in said

    said = operator("restore", kept, "--keep-grants").stdout
    assert "those that were revoked after it are live again" in said


def test_a_core_that_runs(serving: Serving, operator: Operator, file: Path) -> None:
    """Refused, in one line, and nothing is touched."""
    serve_and_back_up(serving, operator, file)
    with serving:
        refusal = operator("restore", str(file))
        assert (refusal.status, refusal.stdout) == (1, "")
        assert refusal.stderr.startswith("tokenhouse: stop the core before you restore: ")
        assert refusal.stderr.count("\n") == 1
        assert sorted(path.name for path in serving.config.database_folder.glob("*.db*")) == [
            "tokenhouse.db",
            "tokenhouse.db-shm",
            "tokenhouse.db-wal",
        ]


def test_a_file_that_is_no_backup(serving: Serving, operator: Operator, file: Path) -> None:
    """Refused, in one line that names it, and the core starts on what it had."""
    road, tokens = serve_and_back_up(serving, operator, file)
    file.write_bytes(file.read_bytes()[:50_000])
    refusal = operator("restore", str(file))
    assert refusal.status == 1
    assert refusal.stderr.startswith(f"tokenhouse: {file} ")
    with serving:
        assert road.validate(tokens[2]).active


@pytest.mark.parametrize("missing", [False, True])
def test_another_master_key(serving: Serving, operator: Operator, file: Path, tmp_path: Path, missing: bool) -> None:
    """A backup without its master key is not restored: one line says what is missing; with it, it is."""
    road, tokens = serve_and_back_up(serving, operator, file)
    key = tmp_path / "data" / "master.key"
    own = key.read_bytes()
    if missing:
        key.unlink()
    else:
        key.write_text(f"1 {'A' * 43}=\n")
    refusal = operator("restore", str(file))
    expected = (
        f"there is no master key {key}: put a copy of it there before you restore"
        if missing
        else f"{file} was made under another master key, and is worth nothing under this one: "
        "put the copy of that key in its place"
    )
    assert (refusal.status, refusal.stderr) == (1, f"tokenhouse: {expected}\n")
    key.unlink(missing_ok=True)
    key.touch(0o600)
    key.write_bytes(own)
    with serving:
        assert road.validate(tokens[2]).active
    assert operator("restore", str(file)).status == 0


def test_on_a_new_machine(serving: Serving, operator: Operator, file: Path, tmp_path: Path) -> None:
    """Backup and master key are all that is needed; the tokens of the machine that is lost are refused."""
    road, tokens = serve_and_back_up(serving, operator, file)
    (tmp_path / "new" / "data").mkdir(parents=True, mode=0o700)
    (tmp_path / "data" / "master.key").rename(tmp_path / "new" / "data" / "master.key")
    new = Serving(tmp_path / "new", clock=serving.clock)
    (tmp_path / "new" / "tokenhouse.conf").write_bytes((tmp_path / "tokenhouse.conf").read_bytes())
    restored = Operator(tmp_path / "new" / "tokenhouse.conf")("restore", str(file), "--json").json
    assert "kept" not in restored
    with new:
        road.serving = new
        assert not any(road.validate(token).active for token in tokens[::2])
        road.session_token = road.log_in().session_token
        assert road.validate(road.connect().access_token).active


def test_after_the_master_key_was_rotated(serving: Serving, operator: Operator, file: Path) -> None:
    """The key file still has the key that the backup was made under."""
    road, tokens = serve_and_back_up(serving, operator, file)
    with serving:
        assert operator("keys", "rotate", "--master").status == 0
    assert operator("restore", str(file), "--keep-grants").status == 0
    with serving:
        assert serving.tokens.IssueToken(road.refreshing(tokens[1]), timeout=DEADLINE).access_token


def test_services_that_watch(serving: Serving, operator: Operator, file: Path) -> None:
    """Whoever has followed the changes of the old database gets a snapshot, and its newest change ends everything: a
    number that the old one had given out means nothing any more."""
    with serving:
        road = Road(serving)
        road.begin()
        with watching(serving.channels["service"]) as watch:
            known = watch.last
        assert operator("backup", str(file)).status == 0
        for _ in range(3):
            assert operator("users", "disable", road.username).status == 0
        with watching(serving.channels["service"], known.revision, known.mark) as watch:
            watch.wait_for_revision(known.revision + 3)
            left = [known, watch.last]
    assert operator("restore", str(file)).status == 0

    with serving:
        for last in left:
            with watching(serving.channels["service"], last.revision, last.mark) as watch:
                first = watch.messages[0]
            assert first.snapshot.begins
            assert first.snapshot.complete
            newest = first.snapshot.changes[-1]
            assert (newest.revision, newest.kind) == (first.revision, changes_pb2.CHANGE_KIND_ALL_REVOKED)
            assert first.revision > left[1].revision
