"""`tokenhouse serve`, running."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.cli.command import TOKENHOUSE, clean_environment
from tests.patience import PATIENCE
from tests.ports import free_port


@dataclass
class Served:
    """Started with `with`, in a folder whose tokenhouse.conf it writes; ended, whatever happened, at the end."""

    folder: Path
    arguments: Sequence[str] = ()
    command: Sequence[str] = (TOKENHOUSE, "serve")
    port: int = field(default_factory=free_port)
    grpc_port: int = field(default_factory=free_port)
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Descriptors that the process gets.
    inherited: Sequence[int] = ()
    stdout: str = ""

    def __post_init__(self) -> None:
        self.address = f"http://localhost:{self.port}"
        self.write_config()

    def write_config(self, extra: str = "") -> None:
        """Write the file, with settings of its own and `extra` sections."""
        text = (
            f"[Server]\nAddress = {self.address}\nListen = 127.0.0.1:{self.port}\n"
            f"[Grpc]\nListen = 127.0.0.1:{self.grpc_port}\n{extra}"
        )
        (self.folder / "tokenhouse.conf").write_text(text, encoding="utf-8")

    def __enter__(self) -> Self:
        self.stdout = ""
        self._log = (self.folder / "stderr").open("w+b")
        self.process = subprocess.Popen(
            [*self.command, *self.arguments],
            cwd=self.folder,
            env=clean_environment(**self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            pass_fds=self.inherited,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.end()
        if self.process.stdout:
            self.process.stdout.close()
        self._log.close()

    @property
    def stderr(self) -> str:
        """The logs so far."""
        return (self.folder / "stderr").read_text(encoding="utf-8")

    def wait_until_ready(self) -> str:
        """All that stands on stdout once both processes are ready."""
        self.read_until("\n\n", times=2)
        return self.stdout

    def read_until(self, mark: str, times: int = 1) -> None:
        """Read stdout until it holds `mark` so often."""
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        while self.stdout.count(mark) < times:
            assert select.select([descriptor], [], [], PATIENCE)[0], self.stderr
            data = os.read(descriptor, 65536)
            assert data, self.stderr
            self.stdout += data.decode()

    def read_to_end(self) -> str:
        """All that stood on stdout when the process had ended."""
        assert self.process.stdout is not None
        self.stdout += self.process.stdout.read().decode()
        return self.stdout

    def child_pids(self) -> list[int]:
        """The processes it has started so far, some perhaps a moment ago."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        return [int(pid) for pid in listed.split()]

    def children(self) -> dict[str, int]:
        """Process ids by name, once both processes run."""
        return {_module_of(pid): pid for pid in self.child_pids()}

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait; the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """The exit status, once it has ended."""
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def stopping_at_birth(folder: Path, module: str) -> dict[str, str]:
    """The environment in which Python, told to run this module, stops (SIGSTOP) before its first line."""
    room = folder / "site"
    room.mkdir(exist_ok=True)
    (room / "sitecustomize.py").write_text(
        f"import os, signal, sys\nif ['-m', {module!r}] in map(list, zip(sys.orig_argv, sys.orig_argv[1:])):\n"
        "    os.kill(os.getpid(), signal.SIGSTOP)\n",
        encoding="utf-8",
    )
    return {"PYTHONPATH": str(room)}


def is_stopped(pid: int) -> bool:
    """The process has been stopped and goes on only when it is told to."""
    return _state_of(pid) == "T"


def _module_of(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return words[words.index(b"-m") + 1].decode()


def is_running(pid: int) -> bool:
    """The process has not ended."""
    return _state_of(pid) not in ("", "Z")


def _state_of(pid: int) -> str:
    """Proc(5); empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def wait_for(condition: Callable[[], bool]) -> None:
    """Ask again and again until the answer is yes."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_for_end(pid: int) -> None:
    """Wait for a process that is not ours to wait for."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([descriptor], [], [], PATIENCE)[0], f"process {pid} did not end"
    finally:
        os.close(descriptor)
