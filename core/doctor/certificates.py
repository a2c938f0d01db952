"""The certificates of the services' port and of the facade, as a start and the next connection would find them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from core.certificate_faults import CertificateUse, certificates_in_use, find_fault
from core.config.config import Config
from core.config.errors import ConfigError
from core.doctor.finding import Finding, good, note, problem
from core.named_files import require_certificate

_SUBJECT = "Certificate"
#: When to say that it ends soon.
_SOON = timedelta(days=7)


def examine_certificate(config: Config) -> Iterator[Finding]:
    """Nothing where there is no TLS."""
    for use in certificates_in_use(config):
        yield _examine(config, use)


def _examine(config: Config, use: CertificateUse) -> Finding:
    try:
        expiry = require_certificate(config, use.section, use.paths)
    except ConfigError as refusal:
        return problem(_SUBJECT, str(refusal))
    fault = find_fault(config, use, expiry)
    if fault is not None:
        replaced = f"replace the file; the {use.reader} reads it at the next connection"
        return problem(_SUBJECT, f"{use.setting}: {fault}: {replaced}")
    told = f"{use.setting}: good until {expiry:%Y-%m-%d %H:%M} UTC"
    soon = expiry - datetime.now(UTC) < _SOON
    return note(_SUBJECT, f"{told}: replace it before") if soon else good(_SUBJECT, told)
