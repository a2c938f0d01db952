"""Refreshes over gRPC on core.sock, by a generator of our own (`load/refresh.mjs`)."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.machine import cpu_seconds
from tests.bench.measurement import Measurement

_SCRIPT = Path(__file__).parent / "load" / "refresh.mjs"


@dataclass
class RefreshLoad:
    """Refreshes of many grants, 64 under way at a time; `batch` of them in one call."""

    node: Path
    socket: Path
    client_id: str
    tokens: Sequence[str]
    batch: int = 1
    in_flight: int = 64

    def run(self, count: int, pids: Sequence[int]) -> Measurement:
        """Refresh `count` times at the core of `pids`.

        Raises:
            CalledProcessError: one was refused.
        """
        with TemporaryDirectory() as folder:
            file = Path(folder, "tokens")
            file.write_text("\n".join(self.tokens))
            arguments = [self.client_id, str(count), str(self.in_flight), str(self.batch), str(file)]
            before = cpu_seconds(pids)
            printed = subprocess.run(
                [self.node, _SCRIPT, self.socket, *arguments], stdout=subprocess.PIPE, check=True
            ).stdout
            used = cpu_seconds(pids) - before
            self.tokens = file.read_text().split()
        found = json.loads(printed)
        return Measurement(found["answered"], found["seconds"], used, found["p50"], found["p99"])
