"""A real core in this process: real SQLite in a temporary folder, real gRPC on sockets of its own, time by hand."""

import hashlib
from base64 import urlsafe_b64encode
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc
from tokenhouse.v1 import (
    account_pb2_grpc,
    audit_admin_pb2_grpc,
    authorization_pb2,
    authorization_pb2_grpc,
    backup_admin_pb2_grpc,
    client_admin_pb2_grpc,
    client_credentials_pb2,
    client_keys_pb2_grpc,
    clock_admin_pb2_grpc,
    connection_admin_pb2_grpc,
    device_authorization_pb2_grpc,
    discovery_pb2_grpc,
    grant_admin_pb2_grpc,
    introspection_pb2_grpc,
    key_admin_pb2_grpc,
    limit_admin_pb2_grpc,
    parameter_pb2,
    passkey_login_pb2_grpc,
    passkey_pb2_grpc,
    registration_pb2_grpc,
    registration_token_admin_pb2_grpc,
    revocation_pb2_grpc,
    second_factor_pb2_grpc,
    session_pb2_grpc,
    token_pb2_grpc,
    upstream_pb2_grpc,
    user_admin_pb2_grpc,
    validation_pb2_grpc,
)

from core.config.load import load_config
from core.outbound.guarded_http import GuardedHttp
from core.wiring import Core
from tests.fakes.clock import ManualClock
from tests.fakes.network import LaidOutNetwork
from tests.passwords import quick_passwords
from tests.patience import PATIENCE
from tests.ports import free_port

#: Every call's deadline, in seconds.
DEADLINE = PATIENCE
ISSUER = "http://localhost:8080"


@dataclass
class Serving:
    """A core and stubs for each of its callers. `settings` are lines of its config file; `environment` overrules it."""

    folder: Path
    settings: str = ""
    clock: ManualClock = field(default_factory=ManualClock)
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    #: The way out; nobody is found by it where a test gives no other.
    http: GuardedHttp = field(default_factory=lambda: GuardedHttp(LaidOutNetwork()))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, port: int = 0) -> None:
        """Build the core on what is in the folder, and serve, services on a free port where none is given."""
        port = port or free_port()
        config = self.folder / "tokenhouse.conf"
        config.write_text(f"[Server]\nDataDir = data\n[Grpc]\nListen = 127.0.0.1:{port}\n{self.settings}\n")
        self.config = load_config(config, self.environment)
        self.core = Core(self.config, clock_from=self._clock_from, http=self.http, passwords=quick_passwords)
        self.core.start()
        self._channels = ExitStack()
        facade = self._channel(f"unix:{self.config.grpc.socket}")
        operator = self._channel(f"unix:{self.config.grpc.admin_socket}")
        service = self._channel(f"127.0.0.1:{port}")
        self.channels = {"facade": facade, "operator": operator, "service": service}
        self.authorization = authorization_pb2_grpc.AuthorizationServiceStub(facade)
        self.devices = device_authorization_pb2_grpc.DeviceAuthorizationServiceStub(facade)
        self.accounts = account_pb2_grpc.AccountServiceStub(facade)
        self.second_factors = second_factor_pb2_grpc.SecondFactorServiceStub(facade)
        self.passkeys = passkey_pb2_grpc.PasskeyServiceStub(facade)
        self.passkey_logins = passkey_login_pb2_grpc.PasskeyLoginServiceStub(facade)
        self.sessions = session_pb2_grpc.SessionServiceStub(facade)
        self.upstream = upstream_pb2_grpc.UpstreamServiceStub(facade)
        self.registration = registration_pb2_grpc.RegistrationServiceStub(facade)
        self.tokens = token_pb2_grpc.TokenServiceStub(facade)
        self.revocation = revocation_pb2_grpc.RevocationServiceStub(facade)
        self.introspection = introspection_pb2_grpc.IntrospectionServiceStub(facade)
        self.client_keys = client_keys_pb2_grpc.ClientKeysServiceStub(facade)
        self.discovery = discovery_pb2_grpc.DiscoveryServiceStub(facade)
        self.users = user_admin_pb2_grpc.UserAdminServiceStub(operator)
        self.clients = client_admin_pb2_grpc.ClientAdminServiceStub(operator)
        self.grants = grant_admin_pb2_grpc.GrantAdminServiceStub(operator)
        self.clocks = clock_admin_pb2_grpc.ClockAdminServiceStub(operator)
        self.registration_tokens = registration_token_admin_pb2_grpc.RegistrationTokenAdminServiceStub(operator)
        self.connections = connection_admin_pb2_grpc.ConnectionAdminServiceStub(operator)
        self.keys = key_admin_pb2_grpc.KeyAdminServiceStub(operator)
        self.audit = audit_admin_pb2_grpc.AuditAdminServiceStub(operator)
        self.limits = limit_admin_pb2_grpc.LimitAdminServiceStub(operator)
        self.backups = backup_admin_pb2_grpc.BackupAdminServiceStub(operator)
        self.validation = validation_pb2_grpc.ValidationServiceStub(service)

    def stop(self) -> None:
        """Stop the core; what it acknowledged is on disk."""
        self._channels.close()
        self.core.stop()

    def restart(self) -> None:
        """Stop, and start again on the same folder."""
        self.stop()
        self.start()

    def _clock_from(self, persisted_time: int) -> ManualClock:
        self.clock.milliseconds = max(self.clock.milliseconds, persisted_time * 1000)
        return self.clock

    def _channel(self, target: str) -> grpc.Channel:
        return self._channels.enter_context(grpc.insecure_channel(target, [("grpc.use_local_subchannel_pool", 1)]))


@dataclass(frozen=True)
class Pkce:
    """A verifier and its challenge (RFC 7636 §4.1, §4.2)."""

    verifier: str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    @property
    def challenge(self) -> str:
        """S256 of the verifier."""
        return urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


def parameters_of(pairs: dict[str, str]) -> list[parameter_pb2.Parameter]:
    """Protobuf parameters of names and values."""
    return [parameter_pb2.Parameter(name=name, value=value) for name, value in pairs.items()]


def public_client(client_id: str) -> client_credentials_pb2.ClientCredentials:
    """The credentials of a public client."""
    return client_credentials_pb2.ClientCredentials(client_id=client_id, method="none")


def answer_of(response: authorization_pb2.AuthorizationResponse) -> dict[str, str]:
    """The parameters an authorization response adds to the redirect URI."""
    return {parameter.name: parameter.value for parameter in response.parameters}


def reason_of(error: grpc.RpcError) -> str:
    """The google.rpc.ErrorInfo reason of a refusal."""
    from google.rpc.error_details_pb2 import ErrorInfo
    from grpc_status import rpc_status

    status: Any = rpc_status.from_call(error)  # type: ignore[arg-type]
    for detail in status.details if status else ():
        if detail.Is(ErrorInfo.DESCRIPTOR):
            info = ErrorInfo()
            detail.Unpack(info)
            return str(info.reason)
    return ""
