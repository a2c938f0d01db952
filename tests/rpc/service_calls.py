"""Internal services that call over TLS, each with a certificate or a token of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
from tokenhouse.v1 import validation_pb2, validation_pb2_grpc

from tests.certificates import Authority
from tests.rpc.road import refused
from tests.serving import DEADLINE, Serving

TLS = "CertificateFile = server.pem\nCertificateKeyFile = server.key\n"
MUTUAL_TLS = f"{TLS}ClientCAFile = ca.pem\n"


def write_certificates(folder: Path, authority: Authority) -> None:
    """What the settings above name."""
    authority.issue_server().write(folder)
    (folder / "ca.pem").write_bytes(authority.pem)


@contextmanager
def serving_over_tls(folder: Path, authority: Authority, settings: str) -> Iterator[Serving]:
    """A core with certificates of this authority, and these settings of [Grpc]."""
    write_certificates(folder, authority)
    with Serving(folder, settings) as core:
        yield core


@contextmanager
def calling(serving: Serving, credentials: grpc.ChannelCredentials) -> Iterator[grpc.Channel]:
    """A connection of its own to the services' port."""
    target = f"127.0.0.1:{serving.config.grpc.listen.port}"
    with grpc.secure_channel(target, credentials, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        yield channel


def ask(
    channel: grpc.Channel, token: str, audience: str, metadata: tuple[tuple[str, str], ...] = ()
) -> validation_pb2.ValidateTokenResponse:
    """ValidateToken."""
    request = validation_pb2.ValidateTokenRequest(token=token, audience=audience)
    return validation_pb2_grpc.ValidationServiceStub(channel).ValidateToken(
        request, timeout=DEADLINE, metadata=metadata
    )


def reason_of_refusal(
    channel: grpc.Channel, audience: str, metadata: tuple[tuple[str, str], ...] = ()
) -> tuple[grpc.StatusCode, str]:
    """How ValidateToken is refused."""
    request = validation_pb2.ValidateTokenRequest(token="any", audience=audience)
    refusal = refused(validation_pb2_grpc.ValidationServiceStub(channel).ValidateToken, request, metadata=metadata)
    return refusal.code, refusal.reason
