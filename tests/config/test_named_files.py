"""The files that settings name are looked at before anything is started with them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.config.errors import ConfigError
from core.doctor.logo import examine_logo
from core.named_files import require_named_files
from tests.certificates import Authority
from tests.cli.command import call_here
from tests.config.writing import load_text

_HTTPS = """[Server]
Address = https://auth.example.com
CertificateFile = server.pem
CertificateKeyFile = server.key
"""
_SERVICES = """[Grpc]
CertificateFile = server.pem
CertificateKeyFile = server.key
ClientCAFile = ca.pem
Caller = reports.internal: ValidationService
"""
_LOGO = "[Pages]\nLogo = logo.svg\n"
_DOCUMENT = "[ClientDocuments]\nFile = tool.json\n"
_UNREADABLE = "allowed is a file that can be read: No such file or directory"


def _lose(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def _write(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One with every file that the texts above name."""
    authority = Authority()
    authority.issue_server().write(tmp_path)
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    (tmp_path / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><circle r="4"/></svg>')
    return tmp_path


@pytest.mark.parametrize("text", ["", _HTTPS, _SERVICES, _LOGO])
def test_good_files_pass(folder: Path, text: str) -> None:
    """README, Every setting: a check that says good means that a start would find what it needs."""
    require_named_files(load_text(folder, text))


@pytest.mark.parametrize(
    ("text", "break_it", "said"),
    [
        (_HTTPS, _lose("server.pem"), f"3: Server.CertificateFile: server.pem: {_UNREADABLE}"),
        (_HTTPS, _lose("server.key"), f"4: Server.CertificateKeyFile: server.key: {_UNREADABLE}"),
        (_SERVICES, _write("ca.pem", b"x"), "4: Grpc.ClientCAFile: ca.pem: allowed is PEM: one or more certificates"),
        (_LOGO, _lose("logo.svg"), f"2: Pages.Logo: logo.svg: {_UNREADABLE}"),
        (_LOGO, _write("logo.svg", b"<html>"), "2: Pages.Logo: logo.svg: allowed is an image in SVG or PNG"),
        (_LOGO, _write("logo.svg", bytes(256 * 1024 + 1)), "2: Pages.Logo: logo.svg: allowed are 256 KB; this is more"),
        (_DOCUMENT, lambda _: None, "2: ClientDocuments.File: tool.json cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(
    folder: Path, text: str, break_it: Callable[[Path], object], said: str
) -> None:
    """README, Every setting: `config check` names file, line and setting, and which file it is about."""
    break_it(folder)
    with pytest.raises(ConfigError) as refused:
        require_named_files(load_text(folder, text))
    assert str(refused.value).replace(f"{folder}/", "") == f"tokenhouse.conf:{said}"


def test_the_commands_say_so(folder: Path) -> None:
    """`config check`, the doctor, and `serve`, which starts nothing then: no first user whose password nobody sees."""
    config = folder / "tokenhouse.conf"
    config.write_text(f"[Server]\nDataDir = data\n{_LOGO}")
    _write("logo.svg", b"no image")(folder)
    line = f"{config}:4: Pages.Logo: {folder}/logo.svg: allowed is an image in SVG or PNG"

    checked = call_here("config", "check", "--config", str(config))
    served = call_here("serve", "--config", str(config))

    assert (checked.status, checked.stderr) == (1, f"tokenhouse: {line}\n")
    assert (served.status, served.stderr) == (78, f"tokenhouse: {line}\n")
    assert not (folder / "data").exists()
    assert [found.words for found in examine_logo(load_text(folder, _LOGO))] == [
        f"{config}:2: Pages.Logo: {folder}/logo.svg: allowed is an image in SVG or PNG"
    ]
