"""The command as a whole: its help, its version, and what it says where no core runs."""

import shlex
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from tests.cli.command import TOKENHOUSE, call, call_here, clean_environment

VERBS = ["serve", "users", "clients", "grants", "keys", "backup", "restore", "doctor", "config", "version"]


def test_help() -> None:
    """--help lists every verb with one line on each."""
    shown = call_here("--help")

    assert shown.status == 0
    assert [verb for verb in VERBS if f"\n  {verb}" not in shown.stdout] == []


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb(verb: str) -> None:
    """Each verb explains itself and takes --config (README, For operators)."""
    shown = call_here(verb, "--help")

    assert shown.status == 0
    assert "--config FILE" in shown.stdout


def test_version() -> None:
    """version says which one, in both forms."""
    number = call_here("version", "--json").json["version"]

    assert call_here("version").stdout == f"tokenhouse {number}\n"


def test_wrong_usage() -> None:
    """What is not understood is exit status 2."""
    assert call_here("user").status == 2
    assert call_here("users", "lst").status == 2
    assert call_here("serve", "database").status == 2
    assert call_here("users", "add").status == 2


@pytest.mark.parametrize(
    "verb", [["users", "add", "--password-stdin"], ["clients", "show"], ["grants", "list", "--user"]]
)
def test_argument_that_is_no_text(tmp_path: Path, verb: list[str]) -> None:
    """An argument that is not UTF-8 is one line and exit status 2."""
    refused = call(*verb, "bad\udcff", folder=tmp_path)

    assert (refused.status, refused.stdout) == (2, "")
    assert refused.stderr == f"tokenhouse: argument {len(verb) + 1} is not UTF-8 text\n"


@pytest.mark.parametrize("verb", [["config", "show"], ["version", "--json"], ["--help"]])
def test_full_disk(tmp_path: Path, verb: list[str]) -> None:
    """An output that cannot be written is one line and exit status 1."""
    with Path("/dev/full").open("w") as full:
        refused = subprocess.run(
            [TOKENHOUSE, *verb], stdout=full, stderr=subprocess.PIPE, env=clean_environment(), cwd=tmp_path, check=False
        )

    assert (refused.returncode, refused.stderr) == (1, b"tokenhouse: No space left on device\n")


def test_quick_verbs_load_no_grpc() -> None:
    """Help, version and the supervisor load neither gRPC nor Sanic: they stay quick and small."""
    program = (
        "import sys; from core.cli import main, serve, version, configuration; "
        "print([name for name in ('grpc', 'google.protobuf', 'sanic', 'cryptography') if name in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], env=clean_environment(), capture_output=True, text=True, check=True
    )

    assert ended.stdout == "[]\n"


@pytest.mark.parametrize("noun", ["users", "clients", "grants", "keys"])
def test_no_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noun: str) -> None:
    """Where no core runs, one line says where it was looked for and how to start one (README, For operators)."""
    monkeypatch.setattr(sys, "argv", [TOKENHOUSE])
    refused = call_here(noun, "list", folder=tmp_path, environment={"PATH": str(Path(TOKENHOUSE).parent)})
    socket = tmp_path / "data" / "admin.sock"
    assert (refused.status, refused.stdout) == (1, "")
    assert refused.stderr == f"tokenhouse: no core is running at {socket}; start one with: tokenhouse serve\n"


def test_no_core_of_a_configuration_that_was_named(tmp_path: Path) -> None:
    """The way to start one names it, too, and the command with its folder where no PATH finds it."""
    (tmp_path / "my own.conf").touch()
    named = call("users", "list", "--config", "my own.conf", folder=tmp_path, environment={"PATH": str(tmp_path)})

    assert named.stderr.endswith(f"start one with: {shlex.quote(TOKENHOUSE)} serve --config 'my own.conf'\n")


def test_socket_without_a_core(tmp_path: Path) -> None:
    """A socket that a core left behind when it was killed is no core."""
    (tmp_path / "data").mkdir()
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(tmp_path / "data" / "admin.sock"))

    assert "no core is running" in call_here("users", "list", folder=tmp_path).stderr


@pytest.mark.parametrize(("stays", "said"), [(True, "does not answer"), (False, "went away")])
def test_core_without_an_answer(tmp_path: Path, stays: bool, said: str) -> None:
    """A core that hangs up without an answer is told apart: it is there and does not answer, or it went away."""
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "admin.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        Thread(target=_hang_up, args=(listener, stays), daemon=True).start()
        refused = call_here("users", "list", folder=tmp_path)

    assert (refused.status, refused.stderr) == (1, f"tokenhouse: the core at {path} {said}\n")


def _hang_up(listener: socket.socket, stays: bool) -> None:
    """Take the connection that asks whether a core is there, then those of the call."""
    with closing(listener.accept()[0]):
        pass
    with closing(listener.accept()[0]):
        if not stays:
            listener.close()
    while stays:
        try:
            listener.accept()[0].close()
        except OSError:
            return
