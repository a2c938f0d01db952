"""The real server as `tokenhouse serve` runs it: core and facade, processes of their own on free ports."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc
from tokenhouse.v1 import (
    client_admin_pb2_grpc,
    connection_admin_pb2_grpc,
    grant_admin_pb2_grpc,
    user_admin_pb2,
    user_admin_pb2_grpc,
    validation_pb2,
    validation_pb2_grpc,
)

from core.cli.processes import core_command, facade_command
from core.config.load import load_config
from tests.cli.command import call, clean_environment
from tests.loaded import start_python
from tests.patience import PATIENCE
from tests.ports import free_port

PASSWORD = "correct horse battery staple"


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Ask again and again until it holds; `what` is what is waited for."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE} s for {what}")
        time.sleep(0.02)


@dataclass
class Running:
    """Both processes, for a `with`. `settings` are written to the config file, several values with newlines between."""

    folder: Path
    path: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    #: What the processes have in their environment, beside the test's own.
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port, self.grpc_port = free_port(), free_port()
        self.issuer = f"http://localhost:{self.port}{self.path}"
        self.config = self.folder / "tokenhouse.conf"
        self.logs = {name: self.folder / f"{name}.log" for name in ("core", "facade")}
        self.first_user: Mapping[str, str] | None = None
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.configure()
        with ExitStack() as stack:
            stack.callback(self._end)
            with self._starting("facade"), self._starting("core"):
                pass
            self._connect(stack)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def configure(self, **changes: str) -> None:
        """Write the config file; `Section_Key="value"` changes a setting from here on."""
        self.settings |= changes
        wanted = {
            "Server_Address": self.issuer,
            "Server_Listen": f"127.0.0.1:{self.port}",
            "Server_DataDir": "data",
            "Grpc_Listen": f"127.0.0.1:{self.grpc_port}",
            # No test sends a server to anybody beyond this machine.
            "ClientDocuments_AllowedDomain": "localhost",
        } | self.settings
        lines: dict[str, list[str]] = {}
        for name, values in wanted.items():
            section, key = name.split("_")
            lines.setdefault(section, []).extend(f"{key} = {value}" for value in values.split("\n"))
        self.config.write_text("".join(f"[{section}]\n" + "\n".join(each) + "\n" for section, each in lines.items()))

    def reload(self, **changes: str) -> None:
        """Change settings and send SIGHUP to the core; returns when it says that it has read them."""
        self.configure(**changes)
        before = self._count_reloads()
        self._processes["core"].send_signal(signal.SIGHUP)
        wait_until(lambda: self._count_reloads() > before, "the core to read its configuration again")

    def restart_core(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the core, by default as an operator does, and start it again on the same database."""
        self.end("core", how)
        with self._starting("core"):
            pass

    def end(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """End one process and wait until it is gone."""
        self._processes[name].send_signal(how)
        self._processes[name].wait(PATIENCE)

    def tokenhouse(self, *arguments: str, stdin: str = "") -> str:
        """What the operator's command prints; it has to succeed."""
        called = call(*arguments, "--config", str(self.config), stdin=stdin)
        assert called.status == 0, called.stderr
        return called.stdout

    def add_user(self, username: str, *groups: str) -> None:
        """Add a user whose password is PASSWORD."""
        self.users.CreateUser(
            user_admin_pb2.CreateUserRequest(username=username, password=PASSWORD, groups=groups), timeout=PATIENCE
        )

    def validate(self, token: str, audience: str = "") -> validation_pb2.ValidateTokenResponse:
        """What an internal service is told; without an audience it asks for server-wide tokens."""
        return self.validation.ValidateToken(
            validation_pb2.ValidateTokenRequest(token=token, audience=audience or self.issuer),
            timeout=PATIENCE,
            wait_for_ready=True,
        )

    def read_logs(self) -> str:
        """Everything both processes have written."""
        return "".join(log.read_text() for log in self.logs.values() if log.exists())

    def _connect(self, stack: ExitStack) -> None:
        operator = stack.enter_context(grpc.insecure_channel(f"unix:{self.folder}/data/admin.sock", _PLAIN))
        service = stack.enter_context(grpc.insecure_channel(f"127.0.0.1:{self.grpc_port}", _PLAIN))
        self.users = user_admin_pb2_grpc.UserAdminServiceStub(operator)
        self.clients = client_admin_pb2_grpc.ClientAdminServiceStub(operator)
        self.connections = connection_admin_pb2_grpc.ConnectionAdminServiceStub(operator)
        self.grants = grant_admin_pb2_grpc.GrantAdminServiceStub(operator)
        self.validation = validation_pb2_grpc.ValidationServiceStub(service)

    @contextmanager
    def _starting(self, name: str) -> Iterator[None]:
        reading, writing = os.pipe()
        with os.fdopen(reading) as status, self.logs[name].open("ab") as log:
            environment = clean_environment(TOKENHOUSE_STATUS_FD=str(writing), **self.environment)
            config = load_config(self.config, environment)
            # Without Python itself and its option.
            command = (core_command(config) if name == "core" else facade_command(config))[2:]
            self._processes[name] = start_python(command, environment=environment, log=log, inherited=[writing])
            os.close(writing)
            yield
            self._wait_until_ready(name, status)

    def _wait_until_ready(self, name: str, status: Iterator[str]) -> None:
        for event in map(json.loads, status):
            if event["event"] == "ready":
                return
            self.first_user = event
        raise RuntimeError(f"the {name} did not start:\n{self.logs[name].read_text()[-2000:]}")

    def _end(self) -> None:
        for process in self._processes.values():
            if process.poll() is None:
                process.terminate()
                process.wait(PATIENCE)

    def _count_reloads(self) -> int:
        log = self.logs["core"].read_text()
        return log.count("config reloaded") + log.count("config not reloaded")


#: A channel of its own after each reconnection, as soon as the core is back; a proxy is not meant for this machine.
_PLAIN = [
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 50),
    # How long a connection may take to be made, whatever its name says.
    ("grpc.min_reconnect_backoff_ms", 20_000),
    ("grpc.max_reconnect_backoff_ms", 200),
]
