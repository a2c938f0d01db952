"""What makes clients refuse a certificate that a server starts with: its time is over, or it is somebody else's."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from core.config.config import Config
from core.loading import certificate_paths
from core.named_files import require_certificate
from core.rpc.certificates import CertificatePaths, is_for_host


class CertificateUse(NamedTuple):
    """One of the two that there may be."""

    section: str
    paths: CertificatePaths
    #: Which process reads it.
    reader: str

    @property
    def setting(self) -> str:
        """Where its file is named."""
        return f"{self.section}.CertificateFile"


def certificates_in_use(config: Config) -> Iterator[CertificateUse]:
    """None where there is no TLS."""
    facade = config.server.certificate
    if facade is not None:
        yield CertificateUse("Server", CertificatePaths(facade.certificate, facade.key, None), "facade")
    services = certificate_paths(config)
    if services is not None:
        yield CertificateUse("Grpc", services, "core")


def find_fault(config: Config, use: CertificateUse, expiry: datetime) -> str | None:
    """In words; `expiry` is until when the certificate is good."""
    host = urlsplit(config.server.address).hostname or ""
    # What services call the core by stands in their configuration, not in ours.
    if use.section == "Server" and not is_for_host(use.paths.certificate, host):
        return f"not for {host}, the host of Server.Address, so clients refuse it"
    if expiry <= datetime.now(UTC):
        return f"it ended at {expiry:%Y-%m-%d %H:%M} UTC, so clients refuse it"
    return None


def list_certificate_warnings(config: Config) -> list[str]:
    """One line for each, which says where its setting stands.

    Raises:
        ConfigError: one cannot be used at all.
    """
    return [
        f"{config.found[use.setting].place}: {use.setting}: {use.paths.certificate}: {fault}"
        for use in certificates_in_use(config)
        if (fault := find_fault(config, use, require_certificate(config, use.section, use.paths))) is not None
    ]
