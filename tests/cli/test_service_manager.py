"""What the service manager is told, and what is kept from its journal (sd_notify(3), systemd.exec(5))."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.cli.greeting import write_greeting
from core.config.load import load_config
from tests.cli.supervised import WAITS, supervised
from tests.patience import PATIENCE

#: As the others, but that it fails where it would talk to the service manager itself.
_KEEPS_TO_ITSELF = "import os\nassert 'NOTIFY_SOCKET' not in os.environ\n" + WAITS


@contextmanager
def _manager(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(PATIENCE)
        yield manager


@pytest.mark.parametrize("kind", ["a file", "an abstract name"])
def test_it_is_told_of_beginning_replacing_and_end(tmp_path: Path, kind: str) -> None:
    """Ready when both serve, reloading until both have been replaced, stopping; core and facade say nothing there."""
    name = f"{tmp_path.name}-{os.getpid()}"
    bound, told = (f"{tmp_path}/notify",) * 2 if kind == "a file" else (f"\0{name}", f"@{name}")
    programs = dict.fromkeys(("core", "facade", "core2", "facade2"), _KEEPS_TO_ITSELF)
    told_where = {"NOTIFY_SOCKET": told}
    with _manager(bound) as manager, supervised(tmp_path, environment=told_where, programs=programs) as served:
        assert manager.recv(1024) == b"READY=1"
        served.process.send_signal(signal.SIGUSR2)
        reloading, _, since = manager.recv(1024).partition(b"\nMONOTONIC_USEC=")
        assert reloading == b"RELOADING=1"
        assert int(since) > 0
        assert manager.recv(1024) == b"READY=1"
        assert served.end() == 0
        assert manager.recv(1024) == b"STOPPING=1"


def test_a_service_manager_that_does_not_listen(tmp_path: Path) -> None:
    """It serves all the same."""
    with supervised(tmp_path, environment={"NOTIFY_SOCKET": f"{tmp_path}/nobody"}) as served:
        assert served.end() == 0


def test_the_first_password_does_not_go_into_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The journal is kept: it says how to set a password; any other output has the one that was made."""
    (tmp_path / "tokenhouse.conf").write_text("")
    config = load_config(tmp_path / "tokenhouse.conf", {})
    first_user = {"username": "admin", "password": "correct horse"}
    write_greeting(config, first_user, ready=True)
    assert "with the password correct horse" in capfd.readouterr().out
    status = os.fstat(1)
    monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
    write_greeting(config, first_user, ready=True)
    told = capfd.readouterr()
    assert "The first user is admin; set a password with: " in told.out
    assert "users passwd admin" in told.out
    assert "correct horse" not in told.out + told.err
