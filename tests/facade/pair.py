"""A real core and a real facade, each its own process, on free ports, with a database of their own."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from tests.loaded import start_python
from tests.patience import PATIENCE
from tests.plain_http import plain_client
from tests.ports import free_port


@dataclass
class Pair:
    """Start with `with`. `path` is the address's path; the lines go into the config's sections."""

    folder: Path
    path: str = ""
    server_lines: tuple[str, ...] = ()
    limit_lines: tuple[str, ...] = ()
    document_lines: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    scheme: str = "http"
    #: Whether both tell their metrics, at `core_metrics` and `facade_metrics`.
    metrics: bool = False
    #: Where both send traces.
    tracing: str = ""
    #: More of the facade's command line.
    facade_options: tuple[str, ...] = ()
    #: What Python runs as the facade.
    facade_module: str = "facade"
    port: int = field(default_factory=free_port)
    grpc_port: int = field(default_factory=free_port)
    #: What Python runs as the core, and what its environment has beside the test's own.
    core_module: str = "core"
    core_environment: Mapping[str, str] = field(default_factory=dict)
    password: str = ""

    def __post_init__(self) -> None:
        self.base = f"http://localhost:{self.port}"
        self.issuer = f"{self.scheme}://localhost:{self.port}{self.path}"
        self.core_metrics = f"http://127.0.0.1:{free_port()}"
        self.facade_metrics = f"http://127.0.0.1:{free_port()}"
        self.socket = self.folder / "data" / "core.sock"
        self.facade_log = self.folder / "facade.log"
        self.core_log = self.folder / "core.log"
        self.client = plain_client(self.base)

    def __enter__(self) -> Self:
        self.folder.chmod(0o700)
        self._write_config()
        self.start_core()
        self.start_facade()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        for process in (self.facade, self.core):
            process.kill()
            process.wait(PATIENCE)

    def start_core(self) -> None:
        """Starts the core, again after it was killed, and waits until it serves."""
        self.core, events = _start(
            [self.core_module, "--config", str(self.folder / "t.conf")], self.core_log, more=self.core_environment
        )
        self.password = next((event["password"] for event in events if event["event"] == "first_user"), self.password)

    def start_facade(self, *, wait: bool = True, inherit: tuple[int, ...] = ()) -> None:
        """Starts the facade and, unless told otherwise, waits until it is ready; it gets the `inherit` descriptors."""
        proxies = [text for network in self.trusted_proxies for text in ("--trusted-proxy", network)]
        listen = ["--listen", f"127.0.0.1:{self.port}", "--core-socket", str(self.socket)]
        if self.metrics:
            listen += ["--metrics-listen", self.facade_metrics.removeprefix("http://")]
        if self.tracing:
            listen += ["--tracing-endpoint", self.tracing]
        command = [self.facade_module, "--address", self.issuer, *listen, *proxies, *self.facade_options]
        self.facade, _ = _start(command, self.facade_log, wait=wait, inherit=inherit)

    def kill_core(self) -> None:
        """Ends the core as a crash does."""
        self.core.kill()
        self.core.wait(PATIENCE)

    def hold_core(self) -> None:
        """Makes the core hang; returns when every thread of it stands still."""
        self.core.send_signal(signal.SIGSTOP)
        # Until one thread has taken the signal the others run on; their parent is told when all have stopped.
        _, status = os.waitpid(self.core.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)

    def release_core(self) -> None:
        """Lets the core go on."""
        self.core.send_signal(signal.SIGCONT)

    def url(self, path: str) -> str:
        """A path below the address's own."""
        return self.path + path

    def _write_config(self) -> None:
        lines = [
            # No test sends a server to anybody beyond this machine.
            "[ClientDocuments]",
            "AllowedDomain = localhost",
            *self.document_lines,
            "[Server]",
            f"Address = {self.issuer}",
            f"Listen = 127.0.0.1:{self.port}",
            "DataDir = data",
            *self.server_lines,
            "[Grpc]",
            f"Listen = 127.0.0.1:{self.grpc_port}",
            *(["[Metrics]", f"CoreListen = {self.core_metrics.removeprefix('http://')}"] if self.metrics else []),
            *(["[Tracing]", f"Endpoint = {self.tracing}"] if self.tracing else []),
            "[Limits]",
            *self.limit_lines,
        ]
        (self.folder / "t.conf").write_text("\n".join(lines) + "\n")


def _start(
    command: list[str],
    log: Path,
    *,
    wait: bool = True,
    inherit: tuple[int, ...] = (),
    more: Mapping[str, str] = MappingProxyType({}),
) -> tuple[subprocess.Popen[bytes], list[dict[str, str]]]:
    reading, writing = os.pipe()
    environment = os.environ | dict(more) | {"TOKENHOUSE_STATUS_FD": str(writing)}
    with log.open("ab") as output:
        process = start_python(["-m", *command], environment=environment, log=output, inherited=[writing, *inherit])
    os.close(writing)
    events: list[dict[str, str]] = []
    with os.fdopen(reading) as status:
        while wait and not any(event["event"] == "ready" for event in events):
            line = status.readline()
            if not line:
                raise RuntimeError(f"{command[0]} did not start:\n{log.read_text()[-2000:]}")
            events.append(json.loads(line))
    return process, events
