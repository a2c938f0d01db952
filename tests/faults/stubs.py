"""Stubs for each of the core's callers."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
from tokenhouse.v1 import (
    authorization_pb2_grpc,
    backup_admin_pb2_grpc,
    client_admin_pb2_grpc,
    clock_admin_pb2_grpc,
    grant_admin_pb2_grpc,
    key_admin_pb2_grpc,
    registration_pb2_grpc,
    revocation_pb2_grpc,
    session_pb2_grpc,
    token_pb2_grpc,
    user_admin_pb2_grpc,
    validation_pb2_grpc,
)

_OPTIONS = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 50),
    # How long a connection may take to be made, whatever its name says.
    ("grpc.min_reconnect_backoff_ms", 20_000),
    ("grpc.max_reconnect_backoff_ms", 200),
)


class Stubs:
    """What the facade, an operator and an internal service call."""

    #: The first user's, where it is known.
    password: str = ""

    def connect(self, folder: Path, port: int, *, patient: bool = False) -> None:
        """To the core whose data are in `folder` and that serves services on `port`; once more, to one that is new.

        Who is `patient` waits, as long as a call may last, for a core that is not there.
        """
        self.disconnect()
        self._channels = ExitStack()

        def channel(target: str) -> grpc.Channel:
            made = self._channels.enter_context(grpc.insecure_channel(target, _OPTIONS))
            return grpc.intercept_channel(made, _Patience()) if patient else made

        facade, operator = channel(f"unix:{folder}/core.sock"), channel(f"unix:{folder}/admin.sock")
        service = channel(f"127.0.0.1:{port}")
        self.authorization = authorization_pb2_grpc.AuthorizationServiceStub(facade)
        self.sessions = session_pb2_grpc.SessionServiceStub(facade)
        self.registration = registration_pb2_grpc.RegistrationServiceStub(facade)
        self.tokens = token_pb2_grpc.TokenServiceStub(facade)
        self.revocation = revocation_pb2_grpc.RevocationServiceStub(facade)
        self.backups = backup_admin_pb2_grpc.BackupAdminServiceStub(operator)
        self.users = user_admin_pb2_grpc.UserAdminServiceStub(operator)
        self.clients = client_admin_pb2_grpc.ClientAdminServiceStub(operator)
        self.clock = clock_admin_pb2_grpc.ClockAdminServiceStub(operator)
        self.grants = grant_admin_pb2_grpc.GrantAdminServiceStub(operator)
        self.keys = key_admin_pb2_grpc.KeyAdminServiceStub(operator)
        self.validation = validation_pb2_grpc.ValidationServiceStub(service)

    def disconnect(self) -> None:
        """Close the channels, if there are any."""
        if (channels := vars(self).pop("_channels", None)) is not None:
            channels.close()


class _Patience(grpc.UnaryUnaryClientInterceptor):
    """Waits for a core that is not there."""

    def intercept_unary_unary(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        return continuation(details._replace(wait_for_ready=True), request)
