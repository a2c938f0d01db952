"""The real core as a process of its own."""

import json
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.faults.stubs import Stubs
from tests.loaded import start_python
from tests.patience import PATIENCE
from tests.ports import free_port

_SETTINGS = "[Limits]\nLoginFailures = 0\nLoginFailuresPerNetwork = 0\nRegistrations = 0\n"


@dataclass
class CoreProcess(Stubs):
    """A core on the data in `folder`, for a `with`; `environment` is what it gets beside the test's own."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    #: What Python runs.
    command: Sequence[str] = ("-m", "core")
    #: The first user's, whose name is "admin".
    password: str = ""

    def __post_init__(self) -> None:
        self.database = self.folder / "data" / "database"
        self.log = self.folder / "core.log"
        self._config = self.folder / "tokenhouse.conf"
        self._port = free_port()

    def __enter__(self) -> Self:
        self._config.write_text(
            f"[Server]\nDataDir = {self.folder / 'data'}\n[Grpc]\nListen = 127.0.0.1:{self._port}\n{_SETTINGS}"
        )
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.disconnect()

    def start(self) -> None:
        """Start it, and wait until it serves."""
        reading, writing = os.pipe()
        environment = os.environ | self.environment | {"TOKENHOUSE_STATUS_FD": str(writing)}
        command = [*self.command, "--config", str(self._config)]
        with os.fdopen(reading) as status, self.log.open("ab") as log:
            self._process = start_python(command, environment=environment, log=log, inherited=[writing])
            os.close(writing)
            for event in map(json.loads, status):
                if event["event"] == "ready":
                    self.connect(self.folder / "data", self._port)
                    return
                self.password = event["password"]
        self._process.wait(PATIENCE)
        raise RuntimeError(f"the core did not start:\n{self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        """End it as an operator does."""
        if self._process.poll() is None:
            self.thaw()
            self._process.terminate()
        self._process.wait(PATIENCE)

    @property
    def port(self) -> int:
        """The services' port."""
        return self._port

    @property
    def target(self) -> str:
        """Where internal services find it."""
        return f"127.0.0.1:{self._port}"

    def freeze(self) -> None:
        """Let it stand still; its connections stay open. Returns when every thread of it does."""
        self._process.send_signal(signal.SIGSTOP)
        # Until one thread has taken the signal the others run on; their parent is told when all have stopped.
        _, status = os.waitpid(self._process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as a crash does."""
        self._process.kill()
        self._process.wait(PATIENCE)

    def restart_after_a_crash(self) -> None:
        """`kill`, and start it again."""
        self.kill()
        self.start()

    @property
    def has_ended(self) -> bool:
        """It runs no more."""
        return self._process.poll() is not None

    def wait(self) -> None:
        """Until it has ended by itself."""
        self._process.wait(PATIENCE)

    def patient_stubs(self) -> Stubs:
        """Others, which wait for a core that is away; to be disconnected."""
        stubs = Stubs()
        stubs.connect(self.folder / "data", self._port, patient=True)
        return stubs
