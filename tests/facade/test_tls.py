"""https at the facade itself, met by real TLS clients; what is wrong with the files is refused."""

import asyncio
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from facade.endpoints.health import show_livez
from facade.route import Kind, Route
from facade.tls import CertificatePaths, CertificateRefused, Tls
from facade.web_server import drain
from tests.certificates import Authority, Issued
from tests.facade.bare import serve_bare
from tests.facade.pair import Pair
from tests.patience import PATIENCE

_LIVEZ = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def authority() -> Authority:
    """Whom the clients trust."""
    return Authority()


def _paths(folder: Path) -> CertificatePaths:
    return CertificatePaths(folder / "server.pem", folder / "server.key")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Path:
    """The folder of the running facade's certificate and key."""
    folder = tmp_path_factory.mktemp("files")
    authority.issue_server().write(folder)
    return folder


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Iterator[Pair]:
    """A core, and a facade that does the https."""
    certificate, key = _paths(files)
    options = ("--certificate-file", str(certificate), "--certificate-key-file", str(key))
    with Pair(tmp_path_factory.mktemp("tls"), scheme="https", facade_options=options) as running:
        yield running


def _trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority.pem.decode())


@contextmanager
def _connected(pair: Pair, context: ssl.SSLContext, name: str = "localhost") -> Iterator[ssl.SSLSocket]:
    with (
        socket.create_connection(("127.0.0.1", pair.port), timeout=PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=name) as connection,
    ):
        yield connection


def _serial_shown(pair: Pair, authority: Authority) -> int:
    """That of the certificate which a new connection is shown."""
    with _connected(pair, _trusting(authority)) as connection:
        shown = connection.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown).serial_number


def _serial(issued: Issued) -> int:
    return x509.load_pem_x509_certificate(issued.certificate).serial_number


def test_pages_and_documents_come_over_tls(pair: Pair, authority: Authority) -> None:
    """RFC 8446, RFC 6797 §7.1: a client that checks names and chain is served, and pages promise to stay with TLS."""
    with httpx.Client(base_url=pair.issuer, verify=_trusting(authority), trust_env=False) as client:
        metadata = client.get("/.well-known/oauth-authorization-server")
        page = client.get("/oauth/v1/authorize")

    assert metadata.json()["issuer"] == pair.issuer == f"https://localhost:{pair.port}"
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_http_1_1_is_what_is_spoken(pair: Pair, authority: Authority) -> None:
    """RFC 7301 §3.2: of a browser's offer that is taken which we speak; whoever offers nothing is served, too."""
    context = _trusting(authority)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with _connected(pair, context) as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"
    with _connected(pair, _trusting(authority), name="127.0.0.1") as connection:
        connection.sendall(_LIVEZ)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_replaced_certificate_is_shown_to_the_next_connection(pair: Pair, authority: Authority, files: Path) -> None:
    """README: without a restart and without losing anybody: who is connected asks on, who comes meets the new one."""
    with httpx.Client(base_url=pair.issuer, verify=_trusting(authority), trust_env=False) as connected:
        connected.get("/livez")
        for _ in range(3):
            fresh = authority.issue_server()
            assert _serial_shown(pair, authority) != _serial(fresh)
            fresh.write(files)
            assert _serial_shown(pair, authority) == _serial(fresh)
            assert connected.get("/livez").status_code == 200


def test_half_a_replacement_changes_nothing(pair: Pair, authority: Authority, files: Path) -> None:
    """A key without its certificate is logged once, and the pair before is shown until the rest is there."""
    before, fresh = _serial_shown(pair, authority), authority.issue_server()
    (files / "server.key").write_bytes(fresh.key)
    assert {_serial_shown(pair, authority) for _ in range(3)} == {before}
    (files / "server.pem").write_bytes(fresh.certificate)
    assert _serial_shown(pair, authority) == _serial(fresh)
    log = pair.facade_log.read_text()

    assert log.count("certificates not reloaded: Server.CertificateKeyFile: allowed is the key of the first") == 1
    assert "PRIVATE" not in log


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize(
    ("version", "welcome"), [("TLSv1", False), ("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)]
)
def test_tls_is_1_2_or_newer(pair: Pair, version: str, *, welcome: bool) -> None:
    """RFC 8996, RFC 9325 §3.1.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    # Otherwise this side would refuse the old versions by itself.
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    try:
        with _connected(pair, context) as connection:
            connected = connection.version() is not None
    except (ssl.SSLError, ConnectionError):
        connected = False

    assert connected is welcome


def test_whoever_speaks_something_else_is_hung_up_on(pair: Pair, authority: Authority) -> None:
    """RFC 8446 §6.2: plain HTTP and noise end their own connection, with no reply and no traceback in the log."""
    for noise in (_LIVEZ, b"\x16\x03\x01\xff\xff" + b"\x00" * 600, b"\r\n"):
        with socket.create_connection(("127.0.0.1", pair.port), timeout=PATIENCE) as connection:
            connection.sendall(noise)
            connection.shutdown(socket.SHUT_WR)
            reply = b""
            with suppress(ConnectionError):
                while chunk := connection.recv(65536):
                    reply += chunk
        assert b"HTTP" not in reply

    assert _serial_shown(pair, authority)
    assert "Traceback" not in pair.facade_log.read_text()


def test_who_says_nothing_keeps_nobody_waiting(pair: Pair, authority: Authority) -> None:
    """A handshake that never comes holds a descriptor for ten seconds, and no place in a line."""
    idle = [socket.create_connection(("127.0.0.1", pair.port), timeout=PATIENCE) for _ in range(100)]
    try:
        assert _serial_shown(pair, authority)
    finally:
        for connection in idle:
            connection.close()


async def test_who_is_shaking_hands_at_the_end_is_served(tmp_path: Path, authority: Authority) -> None:
    """README: a restart fails no request, not that of a connection which was let in and had not agreed yet."""
    authority.issue_server().write(tmp_path)
    livez = Route("/livez", ("GET",), show_livez, Kind.PLAIN)
    async with serve_bare(tmp_path, livez, max_in_flight=10, tls=Tls(_paths(tmp_path))) as bare:
        with socket.create_connection(bare.address) as plain:
            plain.setblocking(False)
            while not bare.server.app.ctx.handshakes:
                await asyncio.sleep(0.001)
            draining = asyncio.create_task(drain(bare.server, PATIENCE))
            await asyncio.sleep(0)
            reader, writer = await asyncio.open_connection(
                sock=plain, ssl=_trusting(authority), server_hostname="localhost"
            )
            assert not draining.done()
            writer.write(_LIVEZ)
            assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
            writer.close()
        await draining


def _encrypted(key: bytes) -> bytes:
    private = load_pem_private_key(key, None)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))


def test_what_is_wrong_with_the_files_is_told(tmp_path: Path, authority: Authority) -> None:
    """README: one line that names the setting and what is allowed; nothing is asked for at the terminal."""
    issued, other = authority.issue_server(), authority.issue_server()
    wrong = {
        "CertificateFile: allowed is PEM: a certificate, then its chain": Issued(b"nonsense", issued.key),
        "CertificateKeyFile: allowed is PEM: one private key without a passphrase": Issued(issued.certificate, b"none"),
        "CertificateKeyFile: allowed is the key of the first certificate in CertificateFile": Issued(
            issued.certificate, other.key
        ),
    }
    for said, files in wrong.items():
        files.write(tmp_path)
        assert _refused(tmp_path) == said
    Issued(issued.certificate, _encrypted(issued.key)).write(tmp_path)
    assert _refused(tmp_path) == "CertificateKeyFile: allowed is PEM: one private key without a passphrase"
    (tmp_path / "server.key").unlink()
    assert re.fullmatch("CertificateKeyFile: allowed is a file that can be read: No such file.*", _refused(tmp_path))


def _refused(folder: Path) -> str:
    with pytest.raises(CertificateRefused) as refused:
        Tls(_paths(folder))
    return f"{refused.value.setting}: {refused.value}"
