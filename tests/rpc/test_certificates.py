"""TLS on the services' port: certificates are replaced while services are connected, and what is wrong is refused."""

import logging
import socket
import ssl
import warnings
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from cryptography import x509

from core.config.errors import ConfigError
from core.config.load import load_config
from core.wiring import Core
from tests.certificates import Authority, Issued, dns
from tests.rpc.service_calls import MUTUAL_TLS, ask, calling, reason_of_refusal, serving_over_tls, write_certificates
from tests.serving import Serving

REPORTS = "https://reports.example.com/api"
CALLER = f"Caller = reports.internal: ValidationService, {REPORTS}\n"
NOT_CONNECTED = (grpc.StatusCode.UNAVAILABLE, "")


@pytest.fixture
def serving(tmp_path: Path, authority: Authority) -> Iterator[Serving]:
    """A core with certificates that a test replaces."""
    with serving_over_tls(tmp_path, authority, MUTUAL_TLS + CALLER) as core:
        yield core


@pytest.fixture
def service(authority: Authority) -> Issued:
    """A listed caller's certificate."""
    return authority.issue(dns("reports.internal"))


def _serial_of_server(serving: Serving, service: Issued, folder: Path) -> int:
    """That of the certificate which a new connection is shown."""
    (folder / "service.pem").write_bytes(service.certificate + service.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(folder / "service.pem")
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(("127.0.0.1", serving.config.grpc.listen.port)) as plain,
        context.wrap_socket(plain) as connection,
    ):
        shown = connection.getpeercert(binary_form=True)
        assert shown is not None
        return x509.load_der_x509_certificate(shown).serial_number


def _serial(issued: Issued) -> int:
    return x509.load_pem_x509_certificate(issued.certificate).serial_number


def test_a_replaced_certificate_is_shown_to_the_next_connection(
    serving: Serving, authority: Authority, service: Issued, tmp_path: Path
) -> None:
    """README: without a restart and without losing anybody: who is connected asks on, who comes meets the new one."""
    with calling(serving, authority.credentials(service)) as connected:
        assert not ask(connected, "any", REPORTS).active
        for _ in range(3):
            fresh = authority.issue_server()
            assert _serial_of_server(serving, service, tmp_path) != _serial(fresh)
            fresh.write(tmp_path)
            assert _serial_of_server(serving, service, tmp_path) == _serial(fresh)
            assert not ask(connected, "any", REPORTS).active
            with calling(serving, authority.credentials(service)) as new:
                assert not ask(new, "any", REPORTS).active


def _of_certificates(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What was logged, without what other threads of the core say meanwhile."""
    return [record for record in caplog.records if record.name == "core.rpc.certificates"]


def test_half_a_replacement_changes_nothing(
    serving: Serving, authority: Authority, service: Issued, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A certificate whose key has not arrived, garbage and a file that is gone: the pair before stays in force."""
    before = _serial_of_server(serving, service, tmp_path)
    fresh = authority.issue_server()
    for name, content in (("server.pem", fresh.certificate), ("server.key", b"garbage"), ("ca.pem", b"")):
        kept = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content)
        assert _serial_of_server(serving, service, tmp_path) == before
        (tmp_path / name).write_bytes(kept)
    (tmp_path / "server.key").rename(tmp_path / "away")
    assert _serial_of_server(serving, service, tmp_path) == before
    fresh.write(tmp_path)
    assert _serial_of_server(serving, service, tmp_path) == _serial(fresh)
    told = [record.getMessage() for record in _of_certificates(caplog) if record.levelno >= logging.WARNING]
    assert [line.partition("allowed")[0] for line in told] == [
        f"certificates not reloaded: Grpc.{setting}: "
        for setting in ("CertificateKeyFile", "CertificateKeyFile", "ClientCAFile", "CertificateKeyFile")
    ]


def test_a_replaced_client_ca_decides_about_the_next_connection(
    serving: Serving, authority: Authority, service: Issued, tmp_path: Path
) -> None:
    """Who was trusted before connects no more, and who is trusted now does."""
    other = Authority()
    theirs = grpc.ssl_channel_credentials(authority.pem, *reversed(other.issue(dns("reports.internal"))))
    with calling(serving, theirs) as channel:
        assert reason_of_refusal(channel, REPORTS) == NOT_CONNECTED
    (tmp_path / "ca.pem").write_bytes(other.pem)
    with calling(serving, theirs) as channel:
        assert not ask(channel, "any", REPORTS).active
    with calling(serving, authority.credentials(service)) as channel:
        assert reason_of_refusal(channel, REPORTS) == NOT_CONNECTED


def test_a_reload_by_the_operator_says_what_became_of_it(
    serving: Serving, authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """SIGHUP: once for what changed, an error for what cannot be used, nothing where all is as it was."""
    caplog.set_level(logging.INFO)

    def reloading() -> list[str]:
        caplog.clear()
        serving.core.reload_certificates()
        return [record.getMessage() for record in _of_certificates(caplog)]

    assert reloading() == []
    authority.issue_server().write(tmp_path)
    assert reloading() == ["certificates reloaded"]
    authority.issue_server(days=-1).write(tmp_path)
    assert [line.partition(":")[0] for line in reloading()] == ["certificates reloaded", "Grpc.CertificateFile"]
    (tmp_path / "server.pem").unlink()
    assert reloading() == [
        "certificates not reloaded: Grpc.CertificateFile: allowed is a file that can be read: No such file or directory"
    ]


@pytest.mark.parametrize(
    ("version", "welcome"), [("TLSv1", False), ("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)]
)
def test_tls_is_1_2_or_newer(serving: Serving, service: Issued, tmp_path: Path, version: str, *, welcome: bool) -> None:
    """RFC 8996, RFC 9325 §3.1.1."""
    (tmp_path / "service.pem").write_bytes(service.certificate + service.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(tmp_path / "service.pem")
    context.set_alpn_protocols(["h2"])
    # Otherwise this side would refuse the old versions by itself.
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    with socket.create_connection(("127.0.0.1", serving.config.grpc.listen.port)) as plain:
        if welcome:
            with context.wrap_socket(plain) as connection:
                assert connection.version() == version.replace("_", ".")
            return
        with pytest.raises(ssl.SSLError) as caught:
            context.wrap_socket(plain)
        assert caught.value.reason != "NO_PROTOCOLS_AVAILABLE"


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("server.pem", None, "4: Grpc.CertificateFile: allowed is a file that can be read: No such file or directory"),
        ("server.pem", b"garbage", "4: Grpc.CertificateFile: allowed is PEM: a certificate, then its chain"),
        ("server.key", None, "5: Grpc.CertificateKeyFile: allowed is a file that can be read: No such file"),
        ("server.key", b"garbage", "5: Grpc.CertificateKeyFile: allowed is PEM: one private key without a passphrase"),
        ("server.key", Authority().issue().key, "5: Grpc.CertificateKeyFile: allowed is the key of the first certific"),
        ("ca.pem", None, "6: Grpc.ClientCAFile: allowed is a file that can be read: No such file or directory"),
        ("ca.pem", b"", "6: Grpc.ClientCAFile: allowed is PEM: one or more certificates"),
    ],
)
def test_a_start_names_what_it_cannot_use(
    tmp_path: Path, authority: Authority, name: str, content: bytes | None, line: str
) -> None:
    """One line: file, line, setting, what is allowed; and no database is begun."""
    write_certificates(tmp_path, authority)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    config = tmp_path / "tokenhouse.conf"
    config.write_text(f"[Server]\nDataDir = data\n[Grpc]\n{MUTUAL_TLS}{CALLER}")
    with pytest.raises(ConfigError) as caught:
        Core(load_config(config, {}))
    assert str(caught.value).startswith(f"{config}:{line}")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "data").exists()


def test_a_key_stands_in_no_repr(serving: Serving) -> None:
    """The private key is nobody's to print."""
    certificates = serving.core._certificates
    assert certificates is not None
    assert "PRIVATE" not in repr([certificates._read, certificates._seen])
