"""The certificates of the services' port and of the facade, as a start and the next connection would find them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from core.config.config import Config
from core.doctor.finding import Finding, good, note, problem
from core.loading import certificate_paths
from core.rpc.certificates import CertificatePaths, CertificateRefused, find_expiry

_SUBJECT = "Certificate"
#: When to say that it ends soon.
_SOON = timedelta(days=7)


def examine_certificate(config: Config) -> Iterator[Finding]:
    """Nothing where there is no TLS."""
    facade = config.server.certificate
    if facade is not None:
        yield _examine("Server", CertificatePaths(facade.certificate, facade.key, None), "facade")
    services = certificate_paths(config)
    if services is not None:
        yield _examine("Grpc", services, "core")


def _examine(section: str, paths: CertificatePaths, reader: str) -> Finding:
    try:
        expiry = find_expiry(paths)
    except CertificateRefused as refusal:
        return problem(_SUBJECT, f"{section}.{refusal.setting}: {refusal}")
    told = f"{section}.CertificateFile: good until {expiry:%Y-%m-%d %H:%M} UTC"
    left = expiry - datetime.now(UTC)
    if left <= timedelta(0):
        return problem(_SUBJECT, f"{told}: replace the file; the {reader} reads it at the next connection")
    return note(_SUBJECT, f"{told}: replace it before") if left < _SOON else good(_SUBJECT, told)
