"""The certificates of the services' port and of the facade, as a start and the next connection would find them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from core.config.config import Config
from core.config.errors import ConfigError
from core.doctor.finding import Finding, good, note, problem
from core.loading import certificate_paths
from core.named_files import require_certificate
from core.rpc.certificates import CertificatePaths, is_for_host

_SUBJECT = "Certificate"
#: When to say that it ends soon.
_SOON = timedelta(days=7)


def examine_certificate(config: Config) -> Iterator[Finding]:
    """Nothing where there is no TLS."""
    facade = config.server.certificate
    if facade is not None:
        yield _examine(config, "Server", CertificatePaths(facade.certificate, facade.key, None), "facade")
    services = certificate_paths(config)
    if services is not None:
        yield _examine(config, "Grpc", services, "core")


def _examine(config: Config, section: str, paths: CertificatePaths, reader: str) -> Finding:
    try:
        expiry = require_certificate(config, section, paths)
    except ConfigError as refusal:
        return problem(_SUBJECT, str(refusal))
    told, replaced = f"{section}.CertificateFile:", f"replace the file; the {reader} reads it at the next connection"
    host = urlsplit(config.server.address).hostname or ""
    if section == "Server" and not is_for_host(paths.certificate, host):
        # What services call the core by stands in their configuration, not in ours.
        return problem(_SUBJECT, f"{told} not for {host}, the host of Server.Address, so clients refuse it: {replaced}")
    until, left = f"{expiry:%Y-%m-%d %H:%M} UTC", expiry - datetime.now(UTC)
    if left <= timedelta(0):
        return problem(_SUBJECT, f"{told} it ended at {until}, so clients refuse it: {replaced}")
    told = f"{told} good until {until}"
    return note(_SUBJECT, f"{told}: replace it before") if left < _SOON else good(_SUBJECT, told)
