"""A certificate authority for a test, and what it issues."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)
_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


class Issued(NamedTuple):
    """A certificate and its key, in PEM."""

    certificate: bytes
    key: bytes

    def write(self, folder: Path) -> None:
        """As `server.pem` and `server.key`, each renamed over what was there."""
        for name, content in (("server.key", self.key), ("server.pem", self.certificate)):
            (folder / f"{name}.new").write_bytes(content)
            (folder / f"{name}.new").rename(folder / name)


class Authority:
    """Issues certificates for a day before and after now."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("authority")
        certificate = (
            self._begin(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(True, None), True)
            .add_extension(_SIGNS_CERTIFICATES, True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), False)
        )
        #: Its own certificate.
        self.pem = certificate.sign(self._key, SHA256()).public_bytes(Encoding.PEM)

    def issue(self, *alternative_names: x509.GeneralName, common_name: str = "somebody", days: int = 1) -> Issued:
        """A certificate with these names, good for so many days from now on."""
        key = ec.generate_private_key(ec.SECP256R1())
        unsigned = self._begin(_name(common_name), key.public_key(), days)
        if alternative_names:
            unsigned = unsigned.add_extension(x509.SubjectAlternativeName(alternative_names), False)
        certificate = unsigned.sign(self._key, SHA256())
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Issued(certificate.public_bytes(Encoding.PEM), private)

    def issue_server(self, days: int = 1) -> Issued:
        """A certificate for a server on this machine."""
        return self.issue(x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost"), days=days)

    def trusted_in(self, folder: Path) -> dict[str, str]:
        """The environment of a process that trusts this authority and no other (openssl-env(7))."""
        (folder / "authority.pem").write_bytes(self.pem)
        return {"SSL_CERT_FILE": str(folder / "authority.pem"), "SSL_CERT_DIR": ""}

    def credentials(self, issued: Issued | None = None) -> grpc.ChannelCredentials:
        """Those of a client that trusts servers of this authority, and shows a certificate where it has one."""
        if issued is None:
            return grpc.ssl_channel_credentials(self.pem)
        return grpc.ssl_channel_credentials(self.pem, issued.key, issued.certificate)

    def _begin(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, days: int = 1) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
        builder = builder.serial_number(x509.random_serial_number())
        # Python 3.13 and later look for it (RFC 5280 §4.2.1.1).
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), False
        )
        return builder.not_valid_before(now - 10 * _DAY).not_valid_after(now + days * _DAY)


def spiffe(path: str) -> x509.UniformResourceIdentifier:
    """A SPIFFE ID as a certificate holds it."""
    return x509.UniformResourceIdentifier(f"spiffe://example.com/{path}")


def dns(name: str) -> x509.DNSName:
    """A DNS name as a certificate holds it."""
    return x509.DNSName(name)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
