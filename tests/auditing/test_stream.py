"""The audit stream: a line of JSON for each record, in a file that may be moved away, or to a slow reader."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from core import audit_stream
from core.audit_stream import AuditStream, CannotStream
from core.domain.audit.act import Act, ActorKind, Result
from core.domain.audit.origin import Actor
from core.domain.audit.record import AuditRecord
from tests.cli.served import wait_for
from tests.patience import PATIENCE

A_RECORD = AuditRecord(
    at=1_800_000_000,
    act=Act.LOGIN,
    result=Result.SUCCEEDED,
    reason="",
    actor=Actor(ActorKind.USER, "subject-1", 'Zoë"\n'),
    subject="subject-1",
    client_id="",
    target="",
    network="192.0.2.7",
    correlation_id="0123456789ab",
)


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()] if path.exists() else []


def _numbered(count: int, first: int = 0) -> list[AuditRecord]:
    return [replace(A_RECORD, target=str(number)) for number in range(first, first + count)]


def test_each_record_is_a_line_with_every_key(tmp_path: Path) -> None:
    """RFC 8259 in one line of ASCII, whatever a name holds; the file is for its owner alone and is added to."""
    path = tmp_path / "audit.jsonl"
    path.write_text("")
    path.unlink()
    for _ in range(2):
        stream = AuditStream(path)
        stream.start()
        stream.tell([A_RECORD])
        stream.stop()

    assert path.stat().st_mode & 0o777 == 0o600
    assert _lines(path) == 2 * [
        {
            "time": "2027-01-15T08:00:00Z",
            "act": "login",
            "result": "succeeded",
            "reason": "",
            "actor_kind": "user",
            "actor": "subject-1",
            "actor_name": 'Zoë"\n',
            "subject": "subject-1",
            "client_id": "",
            "target": "",
            "network": "192.0.2.7",
            "correlation_id": "0123456789ab",
            "count": 1,
        }
    ]


@pytest.mark.parametrize("rotate", [lambda stream: None, AuditStream.reopen], ids=["by itself", "told"])
def test_a_file_that_was_moved_away_is_followed_by_a_new_one(
    tmp_path: Path, rotate: Callable[[AuditStream], None]
) -> None:
    """As logrotate does it, with a SIGHUP or without: what comes later is in the new file, and nothing is lost."""
    path, moved = tmp_path / "audit.jsonl", tmp_path / "audit.jsonl.1"
    stream = AuditStream(path)
    stream.start()
    stream.tell(_numbered(3))
    wait_for(lambda: len(_lines(path)) == 3)
    path.rename(moved)
    rotate(stream)
    stream.tell(_numbered(3, first=3))
    stream.stop()
    assert [line["target"] for line in _lines(moved)] == ["0", "1", "2"]
    assert [line["target"] for line in _lines(path)] == ["3", "4", "5"]


def test_told_to_it_opens_a_new_file_before_there_is_a_line(tmp_path: Path) -> None:
    """SIGHUP: whoever moved the file away sees the new one at once."""
    path = tmp_path / "audit.jsonl"
    stream = AuditStream(path)
    stream.start()
    path.unlink()
    stream.reopen()
    wait_for(path.exists)
    stream.stop()


def test_a_slow_reader_holds_up_nobody(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A pipe that nobody reads: telling goes on, the oldest that wait are left out, and the log says how many."""
    monkeypatch.setattr(audit_stream, "MOST_WAITING", 1000)
    reader, writer = os.pipe()
    stream = AuditStream(None, writer)
    stream.start()
    for number in range(0, 10_000, 10):
        stream.tell(_numbered(10, first=number))
    read = b""
    while b'"target":"9999"' not in read:
        read += os.read(reader, 1 << 16)
    stream.stop()
    os.close(reader)
    os.close(writer)
    targets = [int(json.loads(line)["target"]) for line in read.splitlines()]
    left_out = sum(record.records for record in caplog.records if "left out" in record.message)  # type: ignore[attr-defined]
    assert targets == sorted(set(targets))
    assert left_out > 0
    assert len(targets) + left_out == 10_000


def test_an_end_waits_for_a_reader_no_longer_than_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    """A core that is to stop stops."""
    monkeypatch.setattr(audit_stream, "_PATIENCE", 0.05)
    reader, writer = os.pipe()
    stream = AuditStream(None, writer)
    stream.start()
    stream.tell(_numbered(5000))
    stream.stop()
    os.close(reader)
    monkeypatch.setattr(audit_stream, "_PATIENCE", PATIENCE)
    stream.stop()
    os.close(writer)


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    """One line with the file and why."""
    with pytest.raises(CannotStream, match=r"/nowhere/audit\.jsonl cannot be opened: No such file or directory"):
        AuditStream(tmp_path / "nowhere" / "audit.jsonl")


def test_a_disk_that_takes_nothing_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """The log tells of it, and the core goes on; what is missing in the end is said as well."""
    full = os.open("/dev/full", os.O_WRONLY)
    stream = AuditStream(None, full)
    stream.start()
    for _ in range(3):
        stream.tell([A_RECORD])
    stream.stop()
    os.close(full)
    assert [record.getMessage() for record in caplog.records] == [
        "the audit stream cannot be written: No space left on device",
        "the audit stream ends without its last records",
    ]


def _full_pipe(monkeypatch: pytest.MonkeyPatch) -> tuple[AuditStream, int, int]:
    """A stream into a pipe that takes half a line and then nothing, as a full disk does; its reader and its writer."""
    monkeypatch.setattr(audit_stream, "_PAUSE", 0.01)
    reader, writer = os.pipe2(os.O_NONBLOCK)
    stream = AuditStream(None, writer)
    stream.start()
    return stream, reader, writer


def _read_until(reader: int, last: str) -> list[int]:
    """The numbers of the records that came, up to the last one."""
    read = bytearray()

    def is_there() -> bool:
        with suppress(BlockingIOError):
            read.extend(os.read(reader, 1 << 16))
        return f'"target":"{last}"'.encode() in read

    wait_for(is_there)
    return [int(json.loads(line)["target"]) for line in read.splitlines()]


def test_what_a_full_disk_kept_back_is_written_when_there_is_room(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each record is one whole line, and none is missing: the line that was torn goes on where it ended."""
    stream, reader, writer = _full_pipe(monkeypatch)
    stream.tell(_numbered(3000))
    wait_for(lambda: caplog.records != [])
    stream.tell(_numbered(3000, first=3000))
    assert _read_until(reader, "5999") == list(range(6000))
    stream.stop()
    os.close(reader)
    os.close(writer)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_what_does_not_fit_while_a_disk_is_full_is_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The oldest go, but for the line that was begun; the log says how many."""
    monkeypatch.setattr(audit_stream, "MOST_WAITING", 1000)
    stream, reader, writer = _full_pipe(monkeypatch)
    for first in range(0, 6000, 500):
        stream.tell(_numbered(500, first=first))
        wait_for(lambda: not stream._waiting)
    came = _read_until(reader, "5999")
    stream.stop()
    os.close(reader)
    os.close(writer)
    left_out = sum(getattr(record, "records", 0) for record in caplog.records)
    assert came == sorted(set(came))
    assert left_out > 0
    assert len(came) + left_out == 6000
