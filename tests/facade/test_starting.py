"""The facade's first moments, with no core, with one that does not answer, and where it cannot start at all."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from tests.facade.pair import Pair
from tests.loaded import start_python
from tests.patience import PATIENCE
from tests.plain_http import plain_client
from tests.ports import free_port, wait_until_listening

#: Begins the facade with each of the argument lists as if it were alone, and prints how each ended.
_ONE_AFTER_THE_OTHER = """
import contextlib, io, json, runpy, sys
for arguments in json.loads(sys.argv[1]):
    sys.argv, said = ["facade", *arguments], io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            runpy.run_module("facade", run_name="__main__")
        except SystemExit as ended:
            print(json.dumps([ended.code, said.getvalue()]))
"""


def _arguments(**options: str) -> list[str]:
    whole = {"address": "http://localhost", "listen": f"127.0.0.1:{free_port()}", "core-socket": "x"} | options
    return [text for name, value in whole.items() for text in (f"--{name}", value)]


#: With one wrong option each: the option, what it is, and what is said about it.
_WRONG = (
    ("address", "ftp://x", "--address ftp://x: an address starts with http:// or https://"),
    ("address", "https://x/?a", "RFC 8414"),
    ("listen", "nowhere", "--listen nowhere: where to listen is HOST:PORT"),
    ("trusted-proxy", "10.0.0.0/99", "--trusted-proxy 10.0.0.0/99"),
)
_NO_LOGO = "<html><script>alert(1)</script></html>"
_NOT_HERE = ("192.0.2.1", "no-such-host.invalid", "a..b")


@dataclass(frozen=True)
class _Refused:
    """Facades that could not start, one after the other in one process: the exit status and what was said, of each."""

    logo: Path
    #: By option and value.
    ends: Mapping[tuple[str, str], tuple[int, str]]


@pytest.fixture(scope="module")
def refused(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> _Refused:
    """What each test here looks at, once."""
    logo = tmp_path_factory.mktemp("logo") / "logo.svg"
    logo.write_text(_NO_LOGO)
    tried = [
        *((option, value) for option, value, _ in _WRONG),
        *(("logo", str(path)) for path in (logo, logo.parent / "nothing.svg")),
        *(("listen", f"{host}:80") for host in _NOT_HERE),
        ("listen", f"127.0.0.1:{pair.port}"),
    ]
    arguments = [_arguments(**{option: value}) for option, value in tried]
    command = [sys.executable, "-c", _ONE_AFTER_THE_OTHER, json.dumps(arguments)]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert finished.returncode == 0, finished.stderr
    ends = [(status, said) for status, said in map(json.loads, finished.stdout.splitlines())]
    return _Refused(logo, dict(zip(tried, ends, strict=True)))


def _start(command: list[str], output: IO[bytes], status: int | None, terminal: int | None) -> subprocess.Popen[bytes]:
    inherited = () if status is None else (status,)
    environment = os.environ | ({} if status is None else {"TOKENHOUSE_STATUS_FD": str(status)})
    if terminal is None:
        return start_python(command, environment=environment, log=output, inherited=inherited)
    return subprocess.Popen([sys.executable, *command], stdout=terminal, stderr=output, env=environment)


@contextmanager
def _started(
    core_socket: Path, log: Path, *, status: int | None = None, terminal: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A facade, once it answers. It has said nothing of a core by then, which need not be there."""
    port = free_port()
    command = ["-m", "facade", "--address", f"http://localhost:{port}"]
    command += ["--listen", f"127.0.0.1:{port}", "--core-socket", str(core_socket)]
    with log.open("wb") as output:
        process = _start(command, output, status, terminal)
    try:
        wait_until_listening(port)
        with plain_client(f"http://127.0.0.1:{port}") as asking:
            assert asking.get("/livez").status_code == 200
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)


@pytest.mark.parametrize(("option", "value", "line"), _WRONG)
def test_bad_options_are_wrong_usage(refused: _Refused, option: str, value: str, line: str) -> None:
    """Who calls it wrongly is told which option and what is allowed."""
    status, said = refused.ends[option, value]

    assert status == 2
    assert line in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("logo.svg", "allowed is an image in SVG or PNG"),
        ("nothing.svg", "allowed is a file that can be read: No such file or directory"),
    ],
)
def test_a_logo_that_cannot_be_shown_is_refused(refused: _Refused, name: str, line: str) -> None:
    """README: a setting that cannot be used is one line with its name, and exit status 78."""
    path = refused.logo.with_name(name)

    assert refused.ends["logo", str(path)] == (78, f"tokenhouse facade: Pages.Logo: {path}: {line}\n")


def test_a_port_that_is_taken_is_refused(pair: Pair, refused: _Refused) -> None:
    """README: a setting that cannot be used is one line with its name, and exit status 78."""
    listen = f"127.0.0.1:{pair.port}"
    said = f"tokenhouse facade: Server.Listen: cannot listen on {listen}: Address already in use\n"

    assert refused.ends["listen", listen] == (78, said)


@pytest.mark.parametrize("host", _NOT_HERE)
def test_a_host_that_is_not_here_is_refused(refused: _Refused, host: str) -> None:
    """README: an address of another machine and a name nobody knows are one line and exit status 78."""
    status, said = refused.ends["listen", f"{host}:80"]
    line = rf"tokenhouse facade: Server\.Listen: cannot listen on {re.escape(host)}:80: [^\n]+\n"

    assert status == 78
    assert re.fullmatch(line, said)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("core", ["absent", "silent"])
def test_stopping_while_waiting_for_the_core_is_quiet(tmp_path: Path, core: str, number: signal.Signals) -> None:
    """Ctrl-C before the core has answered ends the process with 0, without a word of tasks or a traceback."""
    path, log = tmp_path / "core.sock", tmp_path / "log"
    with socket.socket(socket.AF_UNIX) as listener, _started(path, log) as process:
        if core == "silent":
            listener.bind(str(path))
            listener.listen()
            listener.settimeout(PATIENCE)
            # The first connection only looks whether somebody is there; the second one asks.
            listener.accept()[0].close()
            asking = listener.accept()[0]
        process.send_signal(number)

        assert process.wait(PATIENCE) == 0
        assert not re.search("ERROR|Task|Traceback", log.read_text())
        if core == "silent":
            asking.close()


def test_a_socket_that_a_crash_left_is_no_core(tmp_path_factory: pytest.TempPathFactory) -> None:
    """It is waited for without a word: none of metadata that the facade never had, none of a core that is away."""
    reading, writing = os.pipe()
    with Pair(tmp_path_factory.mktemp("crash")) as pair, os.fdopen(reading) as events:
        pair.kill_core()
        log = pair.folder / "second.log"
        assert pair.socket.is_socket()
        with _started(pair.socket, log, status=writing):
            os.close(writing)
            pair.start_core()

            assert json.loads(events.readline()) == {"event": "ready"}
            assert not re.search("last metadata|unavailable", log.read_text())


def test_a_terminal_gets_no_advice_about_the_framework(tmp_path: Path) -> None:
    """What the operator's terminal shows is of this server: nothing coloured, no word of what it is built with."""
    shown, terminal = pty.openpty()
    log = tmp_path / "log"
    try:
        with _started(tmp_path / "core.sock", log, terminal=terminal):
            assert not re.search("Sanic|PRODUCTION|\x1b", log.read_text())
    finally:
        os.close(shown)
        os.close(terminal)


def test_grpc_writes_nothing_past_the_log() -> None:
    """A channel that fails inside gRPC's library, in a process that began as the facade does, prints nothing."""
    broken = textwrap.dedent(
        """
        import runpy, sys
        sys.argv = ["facade", "--help"]
        try:
            {begin}
        except SystemExit:
            pass
        import grpc
        channel = grpc.insecure_channel("unix:nowhere", options=[("grpc.default_authority", 3)])
        try:
            channel.unary_unary("/a/b")(b"", timeout={patience})
        except grpc.RpcError:
            pass
        """
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", broken.format(begin=begin, patience=PATIENCE)],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        for begin in ("pass", 'runpy.run_module("facade", run_name="__main__")')
    ]

    assert said[0].stderr != ""
    assert (said[1].returncode, said[1].stderr) == (0, "")


def test_a_core_that_does_not_start_keeps_no_test_waiting(tmp_path: Path) -> None:
    """Whoever waits for it to be ready learns of its end, and why, from the pipe that nobody else holds."""
    with pytest.raises(RuntimeError, match="Nonsense"):
        Pair(tmp_path, limit_lines=("Nonsense = 3",)).__enter__()
