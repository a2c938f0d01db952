"""wrk: HTTP requests that differ from each other, over kept-alive connections."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.machine import cpu_seconds
from tests.bench.measurement import Measurement

_SCRIPT = Path(__file__).parent / "load" / "load.lua"
#: A run that takes longer is given up, in seconds.
_LONGEST = 120


@dataclass
class HttpLoad:
    """Requests of one kind. `bodies` are used up, a line each; in a chain each answer gives the next one."""

    url: str
    status: int = 200
    method: str = "GET"
    content_type: str = "-"
    bodies: Sequence[str] | None = None
    #: In a chain: what stands before each refresh token in the body.
    prefix: str = "-"
    #: Of every request, beside its content type.
    headers: Mapping[str, str] = field(default_factory=dict)

    def run(self, count: int, pids: Sequence[int], *, connections: int = 64, pause: float = 0.0) -> Measurement:
        """Send `count` requests to the server of `pids`; every connection waits about `pause` seconds before each.

        Raises:
            RuntimeError: one was not answered as it should be.
        """
        with TemporaryDirectory() as folder:
            file = Path(folder, "bodies")
            file.write_text("".join(f"{body}\n" for body in self.bodies or ()))
            before = cpu_seconds(pids)
            command = self._command(count, connections, pause, file)
            environment = os.environ | {"WRK_PAUSE": str(round(pause * 1000))}
            printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
            used = cpu_seconds(pids) - before
            if self.bodies is not None:
                self.bodies = file.read_text().splitlines()
        found = json.loads(printed.rstrip().rpartition("\n")[2])
        if found["answered"] < count or found["refused"] or found["broken"]:
            raise RuntimeError(f"{self.url}: {found}")
        # Those that were under way when the last one was answered cost CPU, too.
        return Measurement(count, found["seconds"], used * count / found["answered"], found["p50"], found["p99"])

    def _command(self, count: int, connections: int, pause: float, bodies: Path) -> list[str]:
        source = "-" if self.bodies is None else str(bodies)
        headers = [part for name, value in self.headers.items() for part in ("--header", f"{name}: {value}")]
        return [
            *("wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{_LONGEST}s"),
            *("--timeout", "10s", *headers, "--script", str(_SCRIPT), self.url, "--", self.method, self.content_type),
            *(str(self.status), str(count), str(round(pause * 1000)), source, self.prefix),
        ]
