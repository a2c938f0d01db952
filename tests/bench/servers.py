"""The servers under load: each a process of its own on the servers' CPU, ready when it says so."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc
from tokenhouse.v1 import (
    authorization_pb2_grpc,
    discovery_pb2_grpc,
    registration_pb2_grpc,
    session_pb2_grpc,
    token_pb2_grpc,
    validation_pb2_grpc,
)

from tests.bench.machine import SERVER_CPU
from tests.ports import free_port
from tests.repository.checkout import ROOT

_PATIENCE = 30
_SETTINGS = """
[OAuth]
CodeLifetime = 10m
[Limits]
LoginFailures = 0
LoginFailuresPerNetwork = 0
Registrations = 0
"""
_CHANNEL_OPTIONS = (("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0))


@dataclass
class Server:
    """One process, for a `with`; what it says goes to `log`."""

    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    #: From the command to the word that it is ready, in seconds.
    start_seconds: float = 0.0
    #: What it told while it started.
    events: list[dict[str, str]] = field(default_factory=list)

    def __enter__(self) -> Self:
        reading, writing = os.pipe()
        environment = os.environ | self.environment | {"TOKENHOUSE_STATUS_FD": str(writing)}
        command = ["taskset", "--cpu-list", str(SERVER_CPU), *self.command]
        begun = time.perf_counter()
        with os.fdopen(reading) as status, self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, pass_fds=[writing], env=environment, stdout=log, stderr=log, cwd=ROOT
            )
            os.close(writing)
            for event in map(json.loads, status):
                self.events.append(event)
                if event["event"] == "ready":
                    self.start_seconds = time.perf_counter() - begun
                    return self
        self._process.wait(_PATIENCE)
        raise RuntimeError(f"{self.command} did not start:\n{self.log.read_text()[-2000:]}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(_PATIENCE)

    @property
    def pid(self) -> int:
        """The process: taskset has become it."""
        return self._process.pid


@dataclass
class Core:
    """A core on `folder`, with stubs; `module` is what Python runs. For a `with`."""

    folder: Path
    module: str = "core"
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.http_port, self.grpc_port = free_port(), free_port()
        self.metrics = f"127.0.0.1:{free_port()}"
        self.issuer = f"http://localhost:{self.http_port}"
        self.data = self.folder / "data"
        self.socket = self.data / "core.sock"
        config = self.folder / "tokenhouse.conf"
        config.write_text(
            f"[Server]\nAddress = {self.issuer}\nDataDir = data\n[Grpc]\nListen = 127.0.0.1:{self.grpc_port}\n"
            f"[Metrics]\nCoreListen = {self.metrics}{_SETTINGS}"
        )
        command = (sys.executable, "-m", self.module, "--config", str(config))
        self.server = Server(command, self.folder / "core.log", self.environment)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.server)
            facade = stack.enter_context(grpc.insecure_channel(f"unix:{self.socket}", _CHANNEL_OPTIONS))
            service = stack.enter_context(grpc.insecure_channel(f"127.0.0.1:{self.grpc_port}", _CHANNEL_OPTIONS))
            self.authorization = authorization_pb2_grpc.AuthorizationServiceStub(facade)
            self.sessions = session_pb2_grpc.SessionServiceStub(facade)
            self.registration = registration_pb2_grpc.RegistrationServiceStub(facade)
            self.discovery = discovery_pb2_grpc.DiscoveryServiceStub(facade)
            self.tokens = token_pb2_grpc.TokenServiceStub(facade)
            self.validation = validation_pb2_grpc.ValidationServiceStub(service)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def password(self) -> str:
        """The first user's, whose name is "admin"; known where the database is new."""
        return next(event["password"] for event in self.server.events if event["event"] == "first_user")


def facade(core: Core, module: str = "facade", port: int = 0) -> tuple[Server, int]:
    """A facade in front of the core, not yet started, and its port: the core's public one where none is given."""
    port = port or core.http_port
    command = [sys.executable, "-m", module, "--address", core.issuer, "--listen", f"127.0.0.1:{port}"]
    options = ["--core-socket", str(core.socket), "--metrics-listen", f"127.0.0.1:{free_port()}"]
    return Server([*command, *options], core.folder / f"facade-{port}.log"), port
