"""The real core as a process of its own, and stubs for each of its callers."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc
from tokenhouse.v1 import (
    authorization_pb2_grpc,
    client_admin_pb2_grpc,
    grant_admin_pb2_grpc,
    registration_pb2_grpc,
    revocation_pb2_grpc,
    session_pb2_grpc,
    token_pb2_grpc,
    user_admin_pb2_grpc,
    validation_pb2_grpc,
)

from tests.repository.checkout import ROOT
from tests.serving import free_port

#: How long a start or an end may take, in seconds.
_PATIENCE = 30
_SETTINGS = "[Limits]\nLoginFailures = 0\nLoginFailuresPerNetwork = 0\nRegistrations = 0\n"
_CHANNEL_OPTIONS = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
)


@dataclass
class CoreProcess:
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
        self._channels = ExitStack()

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
        self._channels.close()

    def start(self) -> None:
        """Start it, and wait until it serves."""
        reading, writing = os.pipe()
        environment = os.environ | self.environment | {"TOKENHOUSE_STATUS_FD": str(writing)}
        command = [sys.executable, *self.command, "--config", str(self._config)]
        with os.fdopen(reading) as status, self.log.open("ab") as log:
            self._process = subprocess.Popen(command, pass_fds=[writing], env=environment, stderr=log, cwd=ROOT)
            os.close(writing)
            for event in map(json.loads, status):
                if event["event"] == "ready":
                    self._connect()
                    return
                self.password = event["password"]
        self._process.wait(_PATIENCE)
        raise RuntimeError(f"the core did not start:\n{self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        """End it as an operator does."""
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait(_PATIENCE)

    def kill(self) -> None:
        """End it as a crash does."""
        self._process.kill()
        self._process.wait(_PATIENCE)

    def _connect(self) -> None:
        self._channels.close()
        facade = self._channel(f"unix:{self.folder}/data/core.sock")
        operator = self._channel(f"unix:{self.folder}/data/admin.sock")
        service = self._channel(f"127.0.0.1:{self._port}")
        self.authorization = authorization_pb2_grpc.AuthorizationServiceStub(facade)
        self.sessions = session_pb2_grpc.SessionServiceStub(facade)
        self.registration = registration_pb2_grpc.RegistrationServiceStub(facade)
        self.tokens = token_pb2_grpc.TokenServiceStub(facade)
        self.revocation = revocation_pb2_grpc.RevocationServiceStub(facade)
        self.users = user_admin_pb2_grpc.UserAdminServiceStub(operator)
        self.clients = client_admin_pb2_grpc.ClientAdminServiceStub(operator)
        self.grants = grant_admin_pb2_grpc.GrantAdminServiceStub(operator)
        self.validation = validation_pb2_grpc.ValidationServiceStub(service)

    def _channel(self, target: str) -> grpc.Channel:
        return self._channels.enter_context(grpc.insecure_channel(target, _CHANNEL_OPTIONS))
