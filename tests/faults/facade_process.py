"""The real facade as a process of its own, before a core that is one, too."""

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.loaded import start_python
from tests.patience import PATIENCE
from tests.ports import free_port
from tests.serving import ISSUER


@dataclass
class FacadeProcess:
    """A facade of the core whose data are in `folder`, for a `with`; `environment` is added to the test's own."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    #: What Python runs.
    command: Sequence[str] = ("-m", "facade")
    #: Somebody else holds the socket that it listens on.
    hands_over: bool = False

    def __post_init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.folder / "facade.log"
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=1024) if self.hands_over else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._listener is not None:
            self._listener.close()

    def start(self) -> None:
        """Start it, and wait until the core has answered it."""
        reading, writing = os.pipe()
        environment = os.environ | self.environment | {"TOKENHOUSE_STATUS_FD": str(writing)}
        options = ["--address", ISSUER, "--listen", f"127.0.0.1:{self.port}"]
        command = [*self.command, *options, "--core-socket", str(self.folder / "data" / "core.sock")]
        inherited = [writing]
        if self._listener is not None:
            inherited.append(self._listener.fileno())
            environment["TOKENHOUSE_LISTEN_FD"] = str(self._listener.fileno())
        with os.fdopen(reading) as status, self.log.open("ab") as log:
            self._process = start_python(command, environment=environment, log=log, inherited=inherited)
            os.close(writing)
            if status.readline():
                return
        self._process.wait(PATIENCE)
        raise RuntimeError(f"the facade did not start:\n{self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        """End it as an operator does."""
        if self._process.poll() is None:
            self._process.terminate()
        self.wait()

    def replace(self) -> None:
        """Start another one, and only then end this one as an operator does."""
        before = self._process
        self.start()
        before.terminate()
        before.wait(PATIENCE)

    def kill(self) -> None:
        """End it as a crash does."""
        self._process.kill()
        self.wait()

    def wait(self) -> None:
        """Until it has ended."""
        self._process.wait(PATIENCE)
