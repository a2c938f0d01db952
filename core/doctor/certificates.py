"""The certificate of the services' port, as a start and the next connection would find it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from core.config.config import Config
from core.doctor.finding import Finding, good, note, problem
from core.loading import certificate_paths
from core.rpc.certificates import CertificateRefused, find_expiry

_SUBJECT = "Certificate"
#: When to say that it ends soon.
_SOON = timedelta(days=7)


def examine_certificate(config: Config) -> Iterator[Finding]:
    """Nothing where there is no TLS."""
    paths = certificate_paths(config)
    if paths is None:
        return
    try:
        expiry = find_expiry(paths)
    except CertificateRefused as refusal:
        yield problem(_SUBJECT, f"Grpc.{refusal.setting}: {refusal}")
        return
    told = f"Grpc.CertificateFile: good until {expiry:%Y-%m-%d %H:%M} UTC"
    left = expiry - datetime.now(UTC)
    if left <= timedelta(0):
        yield problem(_SUBJECT, f"{told}: replace the file; the core reads it at the next connection")
    else:
        yield note(_SUBJECT, f"{told}: replace it before") if left < _SOON else good(_SUBJECT, told)
