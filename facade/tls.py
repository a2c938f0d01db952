"""TLS on the listener itself: certificate and key, read again whenever their files change."""

import logging
import ssl
from pathlib import Path
from typing import NamedTuple

_log = logging.getLogger("facade")

#: In bytes; a chain of certificates has some thousand.
_LONGEST = 1024 * 1024
#: Seconds that a client has to come to an agreement with us.
HANDSHAKE_TIMEOUT = 10.0


class CertificateRefused(Exception):
    """A file cannot be used; `setting` names it, and the text is one line that says what is allowed."""

    def __init__(self, setting: str, reason: str) -> None:
        super().__init__(reason)
        self.setting = setting


class CertificatePaths(NamedTuple):
    """Where the files are; they may be replaced at any time."""

    certificate: Path
    key: Path


class _Seen(NamedTuple):
    """What each file held, or why it could not be read."""

    certificate: bytes | str
    key: bytes | str

    def __repr__(self) -> str:
        return "_Seen(…)"


class Tls:
    """Connections that were made stay as they are; every new handshake meets the files as they are then.

    TLS 1.2 or newer, and the ciphers that Python takes for safe (RFC 9325). Belongs to one event loop.
    """

    def __init__(self, paths: CertificatePaths) -> None:
        """Reads the files.

        Raises:
            CertificateRefused: one of them cannot be used.
        """
        self._paths = paths
        self._seen = _look(paths)
        self._current = _make_context(paths, self._seen)
        #: For the listener. What was loaded into a context stays in part when the rest cannot be, so it gets none of
        #: its own later: each handshake goes on with the newest good one.
        self.context = _make_context(paths, self._seen)
        self.context.sni_callback = self._choose

    def reload(self) -> bool:
        """Read the files again where they have changed; whether that gave something new.

        Files that cannot be used are logged once, and what was read before stays in force.
        """
        seen = _look(self._paths)
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            self._current = _make_context(self._paths, seen)
        except CertificateRefused as refusal:
            _log.error("certificates not reloaded: Server.%s: %s", refusal.setting, refusal)
            return False
        _log.info("certificates reloaded")
        return True

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        """Called once the client has said hello, whether it named a server or not (RFC 6066 §3)."""
        self.reload()
        connection.context = self._current


def _look(paths: CertificatePaths) -> _Seen:
    """What the files hold: their times would not tell of two changes within a tick of the file system's clock."""
    return _Seen(_read_file(paths.certificate), _read_file(paths.key))


def _read_file(path: Path) -> bytes | str:
    try:
        with path.open("rb") as reading:
            return reading.read(_LONGEST)
    except OSError as error:
        return error.strerror or "it cannot be read"


def _make_context(paths: CertificatePaths, seen: _Seen) -> ssl.SSLContext:
    for setting, read in (("CertificateFile", seen.certificate), ("CertificateKeyFile", seen.key)):
        if isinstance(read, str):
            raise CertificateRefused(setting, f"allowed is a file that can be read: {read}")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # HTTP/2 is not spoken here (RFC 7301).
    context.set_alpn_protocols(["http/1.1"])
    try:
        # Without a passphrase: OpenSSL would ask for one at the terminal.
        context.load_cert_chain(paths.certificate, paths.key, password=b"")
    except OSError as error:
        raise _refusal(error, seen) from None
    return context


def _refusal(error: OSError, seen: _Seen) -> CertificateRefused:
    if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
        return CertificateRefused(
            "CertificateKeyFile", "allowed is the key of the first certificate in CertificateFile"
        )
    if not _holds_certificate(seen.certificate):
        return CertificateRefused("CertificateFile", "allowed is PEM: a certificate, then its chain")
    return CertificateRefused("CertificateKeyFile", "allowed is PEM: one private key without a passphrase")


def _holds_certificate(pem: bytes | str) -> bool:
    assert isinstance(pem, bytes)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=pem.decode("ascii"))
    except (ssl.SSLError, ValueError):
        return False
    return True
