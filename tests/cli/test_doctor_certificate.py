"""What `tokenhouse doctor` says of the certificate of the services' port."""

from pathlib import Path

import pytest
from cryptography.x509 import DNSName

from core.config.load import load_config
from core.doctor.certificates import examine_certificate
from core.doctor.finding import Finding
from tests.certificates import Authority, Issued
from tests.cli.command import Operator, call_here
from tests.config.writing import load_text
from tests.ports import free_port
from tests.rpc.service_calls import MUTUAL_TLS


def _write(folder: Path, authority: Authority, issued: Issued) -> None:
    issued.write(folder)
    (folder / "ca.pem").write_bytes(authority.pem)
    text = f"[Grpc]\nListen = 127.0.0.1:{free_port()}\n{MUTUAL_TLS}Caller = reports.internal: ValidationService\n"
    (folder / "tokenhouse.conf").write_text(text)


def _find(folder: Path) -> Finding:
    (found,) = examine_certificate(load_config(folder / "tokenhouse.conf", {}))
    return found


@pytest.mark.parametrize(
    ("days", "verdict", "words"),
    [(90, "good", " UTC"), (2, "note", "replace it before"), (-1, "problem", "replace the file")],
)
def test_how_long_it_is_good(tmp_path: Path, days: int, verdict: str, words: str) -> None:
    """README, When something is wrong: what ends within a week is worth a word, what has ended is a fault."""
    authority = Authority()
    _write(tmp_path, authority, authority.issue_server(days))
    found = _find(tmp_path)
    assert found.verdict.value == verdict
    assert found.words.startswith(
        "Grpc.CertificateFile: it ended at " if days < 0 else "Grpc.CertificateFile: good until "
    )
    assert words in found.words


def test_the_command_says_which_file_is_wrong(tmp_path: Path) -> None:
    """As a start would."""
    authority = Authority()
    _write(tmp_path, authority, authority.issue_server()._replace(key=authority.issue().key))
    called = Operator(tmp_path / "tokenhouse.conf")("doctor")
    assert called.status == 1
    assert (
        f"Grpc.CertificateKeyFile: {tmp_path}/server.key: allowed is the key of the first certificate" in called.stdout
    )


def test_the_facades_own_is_looked_at_as_well(tmp_path: Path) -> None:
    """README, https without a proxy: the two have files of their own."""
    authority = Authority()
    _write(tmp_path, authority, authority.issue_server(90))
    with (tmp_path / "tokenhouse.conf").open("a") as file:
        file.write("[Server]\nAddress = https://auth.example.com\n")
        file.write("CertificateFile = nothing.pem\nCertificateKeyFile = server.key\n")
    facade, services = examine_certificate(load_config(tmp_path / "tokenhouse.conf", {}))
    assert (facade.verdict.value, services.verdict.value) == ("problem", "good")
    said = (
        f"/tokenhouse.conf:9: Server.CertificateFile: {tmp_path}/nothing.pem: allowed is a file that can be read: No "
    )
    assert said in facade.words


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("auth.example.com", "good"), ("*.example.com", "good"), ("*.com", "problem"), ("other.example.com", "problem")],
)
def test_it_is_for_the_host_of_the_address(tmp_path: Path, name: str, verdict: str) -> None:
    """RFC 9525 §6: a certificate for another name is refused by every client; a wildcard is for one label."""
    Authority().issue(DNSName(name), days=90).write(tmp_path)
    https = "[Server]\nAddress = https://auth.example.com/path\n"
    files = "CertificateFile = server.pem\nCertificateKeyFile = server.key\n"
    (found,) = examine_certificate(load_text(tmp_path, https + files))
    assert found.verdict.value == verdict
    assert (": not for auth.example.com, the host of Server.Address" in found.words) is (verdict == "problem")


@pytest.mark.parametrize(
    ("name", "days", "fault"),
    [
        ("auth.example.com", 90, ""),
        ("auth.example.com", -1, "it ended at "),
        ("other.example.com", 90, "not for auth.example.com, the host of Server.Address"),
    ],
)
def test_a_check_of_the_settings_warns_of_it(tmp_path: Path, name: str, days: int, fault: str) -> None:
    """README, For operators: the server starts with such a certificate, so the settings are good; the line says where
    the one that nobody will take is named, and scripts find it in the answer."""
    Authority().issue(DNSName(name), days=days).write(tmp_path)
    file = tmp_path / "tokenhouse.conf"
    file.write_text(
        "[Server]\nAddress = https://auth.example.com\nCertificateFile = server.pem\nCertificateKeyFile = server.key\n"
    )
    checked = call_here("config", "check", "--config", str(file))
    scripted = call_here("config", "check", "--json", "--config", str(file)).json
    line = f"{file}:3: Server.CertificateFile: {tmp_path}/server.pem: {fault}"

    assert (checked.status, checked.stdout) == (0, f"{file}: good\n")
    assert checked.stderr.startswith(f"tokenhouse: warning: {line}" if fault else "")
    assert checked.stderr.count("\n") == bool(fault)
    assert [warning[: len(line)] for warning in scripted.get("warnings", ())] == [line] * bool(fault)


def test_without_tls_there_is_nothing_to_say(tmp_path: Path) -> None:
    """Plaintext on this machine is no fault."""
    assert list(examine_certificate(load_text(tmp_path, ""))) == []
