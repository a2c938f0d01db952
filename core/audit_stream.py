"""The audit trail as it happens: a line of JSON for each record, to a file or to standard output.

Records come once they are committed, on the writer's thread, and are written on a thread of this stream's own: whoever
reads slowly holds up nobody. The database has them all; what is told and not kept, refreshes say, may be missing
from the stream after a crash, or where its reader or its disk stands still for long.
"""

import json
import logging
import os
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from core.background import Background
from core.domain.audit.record import AuditRecord

_log = logging.getLogger(__name__)

#: Records that wait to be written; beyond that the oldest are left out.
MOST_WAITING = 20_000
#: Lines that are written in one go.
_AT_ONCE = 1000
#: How long a line waits that could not be written, before it is tried again, in seconds.
_PAUSE = 1.0
#: How long the core's end waits for a reader that takes nothing, in seconds.
_PATIENCE = 2.0


#: Tells the number of the descriptor that is the operator's standard output, where ours goes to a log.
OUTPUT_VARIABLE = "TOKENHOUSE_STDOUT_FD"


def standard_output() -> int:
    """The descriptor of the operator's standard output."""
    return int(os.environ.get(OUTPUT_VARIABLE, "1"))


class CannotStream(Exception):
    """The stream cannot be opened; says why in one line."""


def audit_line(record: AuditRecord) -> str:
    """One line without its end; every key is there, times are RFC 3339 in UTC."""
    members: dict[str, object] = {"time": datetime.fromtimestamp(record.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    if record.number:
        members["number"] = record.number
    members |= {
        "act": record.act.value,
        "result": record.result.value,
        "reason": record.reason,
        "actor_kind": record.actor.kind.value,
        "actor": record.actor.name,
        "actor_name": record.actor.shown_name,
        "subject": record.subject,
        "client_id": record.client_id,
        "target": record.target,
        "network": record.network,
        "correlation_id": record.correlation_id,
        "count": record.count,
    }
    # Everything beyond ASCII is escaped, so that no name can begin a line of its own.
    return json.dumps(members, separators=(",", ":"))


class AuditStream:
    """Begins with `start`; takes records from any thread."""

    def __init__(self, path: Path | None, standard_output: int = 1) -> None:
        """`path` None: the descriptor `standard_output`.

        Raises:
            CannotStream: the file cannot be opened.
        """
        self._path = path
        self._descriptor = standard_output if path is None else _open(path)
        self._waiting: deque[AuditRecord] = deque()
        self._left_out = 0
        self._unwritten = _Unwritten()
        self._changed = threading.Condition()
        self._reopen = False
        #: The last line could not be written, or the file not be opened anew, and that has been said.
        self._failing = self._cannot_open = False
        self._background = Background("audit-stream", self._run)

    def start(self) -> None:
        """Write what has come already, and go on."""
        self._background.start()

    def tell(self, records: Sequence[AuditRecord]) -> None:
        """Take records; never waits for whoever reads."""
        with self._changed:
            self._waiting.extend(records)
            while len(self._waiting) > MOST_WAITING:
                self._waiting.popleft()
                self._left_out += 1
            self._changed.notify()

    def tell_one(self, record: AuditRecord) -> None:
        """As `tell`."""
        self.tell((record,))

    def reopen(self) -> None:
        """Open the file anew before the next line: it has been moved away."""
        with self._changed:
            self._reopen = True
            self._changed.notify()

    def stop(self) -> None:
        """Write what waits, and end; a reader that takes nothing is left."""
        self._background.stop(_PATIENCE, self._wake)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify()

    def _run(self, stopping: threading.Event) -> None:
        while True:
            with self._changed:
                while not (self._waiting or self._reopen or stopping.is_set()):
                    if not self._changed.wait(_PAUSE if self._unwritten else None):
                        break
                records, left_out = tuple(self._waiting), self._left_out
                self._waiting.clear()
                self._left_out, reopen, self._reopen = 0, self._reopen, False
            left_out += self._unwritten.add(records)
            if left_out:
                _log.warning(
                    "the audit stream is too slow, or cannot be written: records were left out",
                    extra={"records": left_out},
                )
            if self._path is not None and (reopen or not _is_still(self._descriptor, self._path)):
                self._open_again(self._path)
            self._write()
            if stopping.is_set() and not self._waiting:
                break
        if self._unwritten:
            _log.warning("the audit stream ends without its last records", extra={"records": len(self._unwritten)})

    def _open_again(self, path: Path) -> None:
        try:
            descriptor = _open(path)
        except CannotStream as refusal:
            # What is open is as good as it was: it goes on there.
            if not self._cannot_open:
                self._cannot_open = True
                _log.error("%s", refusal)
            return
        self._cannot_open = False
        os.close(self._descriptor)
        self._descriptor = descriptor
        self._unwritten.begin_anew()

    def _write(self) -> None:
        try:
            self._unwritten.write(self._descriptor)
            self._failing = False
        except OSError as error:
            if not self._failing:
                self._failing = True
                _log.error("the audit stream cannot be written: %s", error.strerror)


class _Unwritten:
    """Lines that are to be written, each once and whole: a full disk may take half of one, and the rest later."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque()
        #: How much of the first one is written.
        self._begun = 0

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, records: Iterable[AuditRecord]) -> int:
        """Take these, too; how many of the oldest had to be left out for them."""
        self._lines.extend(f"{audit_line(record)}\n".encode() for record in records)
        left_out = max(len(self._lines) - MOST_WAITING, 0)
        if left_out:
            # A line that was begun has to end, or it takes the next one with it.
            begun = [self._lines.popleft()] if self._begun else []
            for _ in range(left_out):
                self._lines.popleft()
            self._lines.extendleft(begun)
        return left_out

    def begin_anew(self) -> None:
        """Another file gets the first line from its beginning."""
        self._begun = 0

    def write(self, descriptor: int) -> None:
        """Write all of them; what an OSError keeps back is written next time."""
        while self._lines:
            text = memoryview(b"".join(islice(self._lines, _AT_ONCE)))[self._begun :]
            self._count(os.write(descriptor, text))

    def _count(self, written: int) -> None:
        written += self._begun
        while self._lines and written >= len(self._lines[0]):
            written -= len(self._lines.popleft())
        self._begun = written


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotStream(f"{path} cannot be opened: {error.strerror}") from None


def _is_still(descriptor: int, path: Path) -> bool:
    """Whether the file that is open is the one of that name: it may have been moved away, or deleted."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except OSError:
        return False
