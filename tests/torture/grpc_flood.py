"""Validations from h2load over many connections, none of which waits before its next call."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tokenhouse.v1 import validation_pb2

from tests.bench.machine import LOAD_CPU

#: A gRPC message is a flag, four bytes of length, and itself.
_PREFIX = 5


@dataclass(frozen=True)
class Answered:
    """Validations in some seconds: how many were answered, and how many calls ended."""

    seconds: float
    served: float
    ended: int

    @property
    def rate(self) -> float:
        """Answered a second."""
        return self.served / self.seconds

    def __str__(self) -> str:
        return f"served {self.rate:.0f}/s, refused {(self.ended - self.served) / self.seconds:.0f}/s"


class Flood:
    """Calls of ValidateToken with one token; a good answer has `answer_bytes`."""

    def __init__(
        self, folder: Path, port: int, question: validation_pb2.ValidateTokenRequest, answer_bytes: int
    ) -> None:
        self._message = folder / "message"
        raw = question.SerializeToString()
        self._message.write_bytes(b"\0" + len(raw).to_bytes(4) + raw)
        self._url = f"http://127.0.0.1:{port}/tokenhouse.v1.ValidationService/ValidateToken"
        self._answer_bytes = answer_bytes

    def run(self, seconds: int, connections: int, streams: int, deadline: str = "1S") -> Answered:
        """So many calls in flight on each connection, with a deadline as gRPC writes it.

        Refusals are HTTP 200 too, but have no body: so bytes are counted.
        """
        headers = ("content-type: application/grpc", "te: trailers", f"grpc-timeout: {deadline}")
        command = [
            *("taskset", "--cpu-list", str(LOAD_CPU), "h2load", "--duration", str(seconds), "--warm-up-time", "0"),
            *("--clients", str(connections), "--max-concurrent-streams", str(streams), "--data", str(self._message)),
            *(option for header in headers for option in ("--header", header)),
            self._url,
        ]
        report = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
        ended, body = re.search(r"(\d+) done", report), re.search(r"traffic: .* \((\d+)\) data", report)
        assert ended, report
        assert body, report
        return Answered(seconds, int(body[1]) / (_PREFIX + self._answer_bytes), int(ended[1]))
