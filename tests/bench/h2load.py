"""h2load: one framed gRPC message, sent again and again over one connection."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from google.protobuf.message import Message

from tests.bench.machine import cpu_seconds
from tests.bench.measurement import Measurement
from tests.bench.percentiles import percentile

#: A gRPC message is a flag, four bytes of length, and itself.
_PREFIX = 5


@dataclass(frozen=True)
class UnaryLoad:
    """Calls of one method with one message, `in_flight` at a time; a good answer has `answer_bytes`."""

    port: int
    method: str
    request: Message
    answer_bytes: int
    in_flight: int = 64
    #: What the report counts in one call.
    units: int = 1

    def run(self, calls: int, pids: Sequence[int]) -> Measurement:
        """Send `calls` of them to the server of `pids`.

        Raises:
            RuntimeError: one was not answered, or not with what was expected.
        """
        with TemporaryDirectory() as folder:
            message, log = Path(folder, "message"), Path(folder, "log")
            raw = self.request.SerializeToString()
            message.write_bytes(b"\0" + len(raw).to_bytes(4) + raw)
            before = cpu_seconds(pids)
            report = subprocess.run(self._command(calls, message, log), capture_output=True, text=True, check=True)
            used = cpu_seconds(pids) - before
            self._require_answers(report.stdout, calls)
            # Begun at (µs since the epoch), HTTP status, how long it took in µs.
            lines = [tuple(map(int, line.split())) for line in log.read_text().splitlines()]
        taken = [micros / 1e6 for _, _, micros in lines]
        seconds = (max(begun + took for begun, _, took in lines) - min(begun for begun, _, _ in lines)) / 1e6
        return Measurement(calls * self.units, seconds, used, percentile(taken, 0.5), percentile(taken, 0.99))

    def _command(self, calls: int, message: Path, log: Path) -> list[str]:
        headers = ("content-type: application/grpc", "te: trailers", "grpc-timeout: 10S")
        return [
            "h2load",
            *("--requests", str(calls), "--clients", "1", "--max-concurrent-streams", str(self.in_flight)),
            *("--data", str(message), "--log-file", str(log)),
            *(option for header in headers for option in ("--header", header)),
            f"http://127.0.0.1:{self.port}{self.method}",
        ]

    def _require_answers(self, report: str, calls: int) -> None:
        """A refusal is HTTP 200 too, but its status comes in the trailers and it has no body: so bytes are counted."""
        succeeded = re.search(r"(\d+) succeeded, 0 failed, 0 errored, 0 timeout", report)
        body = re.search(r"traffic: .* \((\d+)\) data", report)
        expected = calls * (_PREFIX + self.answer_bytes)
        if not succeeded or int(succeeded[1]) != calls or not body or int(body[1]) != expected:
            raise RuntimeError(f"{self.method}: not every call was answered with {self.answer_bytes} bytes:\n{report}")
