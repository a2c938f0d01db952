"""TLS for the services' listener: certificate, key and client CA, read again whenever their files change."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_log = logging.getLogger(__name__)

#: In bytes; bundles of certificates have some hundred KB.
_LONGEST = 1024 * 1024


class CertificateRefused(Exception):
    """A file cannot be used; `setting` names it, and the text is one line that says what is allowed."""

    def __init__(self, setting: str, reason: str) -> None:
        super().__init__(reason)
        self.setting = setting


class CertificatePaths(NamedTuple):
    """Where the files are; they may be replaced at any time."""

    certificate: Path
    key: Path
    #: None: callers need no certificate.
    client_ca: Path | None


class _Seen(NamedTuple):
    """What each file held, or why it could not be read; None where none is named."""

    certificate: bytes | str
    key: bytes | str
    client_ca: bytes | str | None

    def __repr__(self) -> str:
        return "_Seen(…)"


@dataclass(frozen=True, slots=True)
class _Read:
    """What the files say that fits together."""

    certificate: bytes
    key: bytes = field(repr=False)
    client_ca: bytes | None
    #: When the certificate is good no more.
    expires_at: datetime

    def configuration(self) -> grpc.ServerCertificateConfiguration:
        return grpc.ssl_server_certificate_configuration([(self.key, self.certificate)], self.client_ca)


class Certificates:
    """Connections that were made stay as they are; every new handshake meets the files as they are then.

    TLS 1.2 or newer: gRPC offers nothing older.
    """

    def __init__(self, paths: CertificatePaths) -> None:
        """Reads the files.

        Raises:
            CertificateRefused: one of them cannot be used.
        """
        self._paths = paths
        self._reading = threading.Lock()
        self._seen = _look(paths)
        self._read = _parse(self._seen)
        self._tell_expiry()

    def credentials(self) -> grpc.ServerCredentials:
        """For the listener's port."""
        make: Callable[..., grpc.ServerCredentials] = grpc.dynamic_ssl_server_credentials
        return make(self._read.configuration(), self._fetch, self._paths.client_ca is not None)

    def reload(self) -> bool:
        """Read the files again where they have changed; whether that gave something new.

        Files that cannot be used are logged once, and what was read before stays in force.
        """
        with self._reading:
            seen = _look(self._paths)
            if seen == self._seen:
                return False
            self._seen = seen
            try:
                fresh = _parse(seen)
            except CertificateRefused as refusal:
                _log.error("certificates not reloaded: Grpc.%s: %s", refusal.setting, refusal)
                return False
            changed, self._read = fresh != self._read, fresh
        if changed:
            _log.info("certificates reloaded")
            self._tell_expiry()
        return changed

    def _fetch(self) -> grpc.ServerCertificateConfiguration | None:
        """Called by gRPC before each handshake; None for nothing new."""
        before = self._read
        self.reload()
        return None if self._read is before else self._read.configuration()

    def _tell_expiry(self) -> None:
        if self._read.expires_at <= datetime.now(UTC):
            _log.warning("Grpc.CertificateFile: the certificate has expired: callers will refuse it")


def find_expiry(paths: CertificatePaths) -> datetime:
    """Until when the certificate is good. Raises CertificateRefused: a file cannot be used."""
    return _parse(_look(paths)).expires_at


def is_for_host(path: Path, host: str) -> bool:
    """Whether clients that look for `host`, a name or an address, take the certificate (RFC 9525 §6).

    Raises:
        CertificateRefused: the file cannot be used.
    """
    pem = _require_read(_read_file(path), "CertificateFile")
    names = x509.load_pem_x509_certificates(pem)[0].extensions
    try:
        alternative = names.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    if host in map(str, alternative.get_values_for_type(x509.IPAddress)):
        return True
    wanted = host.lower()
    # The wildcard stands for the first label alone (RFC 9525 §6.3).
    allowed = {wanted, f"*.{wanted.partition('.')[2]}"}
    return not allowed.isdisjoint(name.lower() for name in alternative.get_values_for_type(x509.DNSName))


def _look(paths: CertificatePaths) -> _Seen:
    """What the files hold: their times would not tell of two changes within a tick of the file system's clock."""
    client_ca = None if paths.client_ca is None else _read_file(paths.client_ca)
    return _Seen(_read_file(paths.certificate), _read_file(paths.key), client_ca)


def _read_file(path: Path) -> bytes | str:
    try:
        with path.open("rb") as reading:
            return reading.read(_LONGEST)
    except OSError as error:
        return error.strerror or "it cannot be read"


def _parse(seen: _Seen) -> _Read:
    certificate = _require_read(seen.certificate, "CertificateFile")
    key = _require_read(seen.key, "CertificateKeyFile")
    try:
        found = x509.load_pem_x509_certificates(certificate)[0]
    except ValueError:
        raise CertificateRefused("CertificateFile", "allowed is PEM: a certificate, then its chain") from None
    try:
        private = load_pem_private_key(key, password=None)
    except (ValueError, TypeError):
        allowed = "allowed is PEM: one private key without a passphrase"
        raise CertificateRefused("CertificateKeyFile", allowed) from None
    if private.public_key() != found.public_key():
        raise CertificateRefused("CertificateKeyFile", "allowed is the key of the first certificate in CertificateFile")
    client_ca = None if seen.client_ca is None else _parse_client_ca(seen.client_ca)
    return _Read(certificate, key, client_ca, found.not_valid_after_utc)


def _parse_client_ca(seen: bytes | str) -> bytes:
    client_ca = _require_read(seen, "ClientCAFile")
    try:
        x509.load_pem_x509_certificates(client_ca)
    except ValueError:
        raise CertificateRefused("ClientCAFile", "allowed is PEM: one or more certificates") from None
    return client_ca


def _require_read(seen: bytes | str, setting: str) -> bytes:
    if isinstance(seen, str):
        raise CertificateRefused(setting, f"allowed is a file that can be read: {seen}")
    return seen
