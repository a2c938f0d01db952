"""The supervisor alone, with two small programs in the places of core and facade."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import clean_environment
from tests.cli.served import Served, is_running, is_stopped, wait_for
from tests.patience import PATIENCE

#: Says that it is ready, then waits for a signal or for the end of its lifeline.
_WAITS = """
import os, sys
os.write(int(os.environ["TOKENHOUSE_STATUS_FD"]), b'{"event":"re')
os.write(int(os.environ["TOKENHOUSE_STATUS_FD"]), b'ady"}\\n')
os.read(int(os.environ["TOKENHOUSE_LIFELINE_FD"]), 1)
"""
_IGNORES = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + _WAITS
_EXITS = "import sys; sys.exit({status})"
_KILLED = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
_PROGRAM = """
import json, sys
from core.cli import supervisor
supervisor._PATIENCE = {patience}
supervisor._ONE_WISH = {one_wish}
core, facade = json.loads(sys.argv[1])
greet = lambda user, ready: print("ready" if ready else "never ready", user, end="\\n\\n", flush=True)
sys.exit(supervisor.Supervisor([sys.executable, "-c", core], [sys.executable, "-c", facade], greet).run())
"""
#: Makes a first user, which it says at once, or only when it is told to stop; then waits.
_FIRST_USER = """
import os, signal, sys
def say(*_):
    line = '{"event": "first_user", "username": "admin", "password": "p"}\\n{"event": "ready"}\\n'
    os.write(int(os.environ["TOKENHOUSE_STATUS_FD"]), line.encode())
    print("said", flush=True)
"""
_SAYS_AT_ONCE = _FIRST_USER + "say(); signal.pause()"
_SAYS_AT_THE_END = _FIRST_USER + (
    "signal.signal(signal.SIGTERM, lambda *_: (say(), os._exit(0))); print('up', flush=True); signal.pause()"
)
#: Hears nothing for a while, like a process whose modules are being loaded; then says what it was sent meanwhile.
_DEAF_AT_FIRST = """
import os, pathlib, signal, time
print("deaf", flush=True)
while not pathlib.Path("hear").exists():
    time.sleep(0.01)
print("heard", signal.sigwait({signal.SIGHUP, signal.SIGTERM}).name, flush=True)
signal.pthread_sigmask(signal.SIG_SETMASK, ())
os.write(int(os.environ["TOKENHOUSE_STATUS_FD"]), b'{"event":"ready"}\\n')
os.read(int(os.environ["TOKENHOUSE_LIFELINE_FD"]), 1)
"""
#: Never ready.
_SLOW = "import os; os.read(int(os.environ['TOKENHOUSE_LIFELINE_FD']), 1)"
#: Dies once it is told that the other has spoken.
_DIES_LATER = "import os, pathlib, time\nwhile not pathlib.Path('die').exists(): time.sleep(0.01)\nos._exit(3)"


def _command(core: str, facade: str, patience: float = 10, one_wish: float = 0.5) -> list[str]:
    program = _PROGRAM.format(patience=patience, one_wish=one_wish)
    return [sys.executable, "-c", program, json.dumps([core, facade])]


@pytest.mark.parametrize(
    ("core", "status", "said"),
    [
        (_EXITS.format(status=3), 3, "tokenhouse: the core exited with status 3; stopping\n"),
        (_EXITS.format(status=0), 1, "tokenhouse: the core exited with status 0; stopping\n"),
        (_KILLED, 1, "tokenhouse: the core was killed by SIGSEGV; stopping\n"),
        (_EXITS.format(status=78), 78, ""),
    ],
)
def test_exit_status(core: str, status: int, said: str) -> None:
    """The exit status is that of the process that ended; 78 has said by itself what is wrong (README)."""
    command = _command(core, _WAITS)
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=clean_environment()
    )

    assert (ended.returncode, ended.stderr) == (status, said)


def test_ready_once(tmp_path: Path) -> None:
    """Ready is said once, when both are, however their lines are cut; the first user comes along."""
    first_user = '{"event": "first_user", "username": "admin", "password": "p"}\n'
    core = f"import os; os.write(int(os.environ['TOKENHOUSE_STATUS_FD']), {first_user.encode()!r})\n{_WAITS}"
    with Served(tmp_path, command=_command(core, _WAITS)) as served:
        served.read_until("\n\n")
        assert served.end() == 0

    assert served.stdout == "ready {'username': 'admin', 'password': 'p'}\n\n"


@pytest.mark.parametrize(("core", "mark"), [(_SAYS_AT_ONCE, "said"), (_SAYS_AT_THE_END, "up")])
def test_interrupted_before_ready(tmp_path: Path, core: str, mark: str) -> None:
    """A first user is told of on the way out where nobody was ready: the password is never shown again (README)."""
    with Served(tmp_path, command=_command(core, _SLOW)) as served:
        wait_for(lambda: mark in served.stderr)
        assert served.end(signal.SIGINT) == 0
        assert served.read_to_end() == "never ready {'username': 'admin', 'password': 'p'}\n\n"


def test_facade_dies_before_ready(tmp_path: Path) -> None:
    """A first user is told of, too, where the facade dies before it is ready (README, Two commands)."""
    with Served(tmp_path, command=_command(_SAYS_AT_ONCE, _DIES_LATER)) as served:
        wait_for(lambda: "said" in served.stderr)
        (tmp_path / "die").touch()
        assert served.wait() == 3
        assert served.read_to_end() == "never ready {'username': 'admin', 'password': 'p'}\n\n"


def test_reload_while_starting(tmp_path: Path) -> None:
    """SIGHUP to a core that has only begun waits until it can hear: it is a reload, never the end (README)."""
    with Served(tmp_path, command=_command(_DEAF_AT_FIRST, _WAITS)) as served:
        wait_for(lambda: "deaf" in served.stderr)
        served.process.send_signal(signal.SIGHUP)
        (tmp_path / "hear").touch()
        served.read_until("\n\n")
        assert served.end() == 0

    assert "heard SIGHUP" in served.stderr


def test_stubborn_process(tmp_path: Path) -> None:
    """A process that does not stop is killed after a while, and exit status 1 says that it had to be."""
    with Served(tmp_path, command=_command(_IGNORES, _IGNORES, patience=0.3)) as served:
        served.read_until("\n\n")
        assert served.end(signal.SIGINT) == 1

    assert "core and facade did not stop within 0 s; killing" in served.stderr


def test_impatient_operator(tmp_path: Path) -> None:
    """A second Ctrl-C that is not part of the first kills at once, and exit status 1 says so."""
    with Served(tmp_path, command=_command(_IGNORES, _WAITS, patience=PATIENCE * 2, one_wish=0)) as served:
        served.read_until("\n\n")
        (facade,) = [pid for pid, name in _named(served).items() if name == _WAITS]
        served.process.send_signal(signal.SIGINT)
        wait_for(lambda: not is_running(facade))
        assert served.end(signal.SIGINT) == 1


def test_one_wish_told_twice(tmp_path: Path) -> None:
    """A stop that arrives twice at once, from whoever signals the group and from `make` in it, is a clean one."""
    with Served(tmp_path, command=_command(_WAITS, _WAITS, one_wish=PATIENCE)) as served:
        served.read_until("\n\n")
        served.process.send_signal(signal.SIGSTOP)
        wait_for(lambda: is_stopped(served.process.pid))
        served.process.send_signal(signal.SIGTERM)
        served.process.send_signal(signal.SIGINT)
        assert served.end(signal.SIGCONT) == 0

    assert served.stderr == ""


def _named(served: Served) -> dict[int, str]:
    listed = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text(encoding="ascii")
    return {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[2].decode() for pid in listed.split()}
