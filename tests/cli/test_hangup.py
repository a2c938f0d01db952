"""The supervisor and its terminal: SIGHUP is a reload, unless it says that the terminal is gone."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.served import Served, wait_for

#: Makes the terminal whose path comes first its own, ignores hangups if it is told to, whatever the tests
#: themselves do, and becomes the supervisor.
_PROGRAM = """
import os, signal, sys
os.setsid()
os.close(os.open(sys.argv[1], os.O_RDWR))
signal.signal(signal.SIGHUP, signal.SIG_IGN if sys.argv[2] == "nohup" else signal.SIG_DFL)
from core.cli.supervisor import Supervisor
greet = lambda user, ready: print("ready", end="\\n\\n", flush=True)
sys.exit(Supervisor([sys.executable, "-c", sys.argv[3]], [sys.executable, "-c", sys.argv[3]], greet).run())
"""
#: Says when it is asked to reload; is ready, then waits for the end.
_SAYS_RELOADED = """
import os, signal
signal.signal(signal.SIGHUP, lambda *_: print("reloaded", flush=True))
signal.pthread_sigmask(signal.SIG_SETMASK, ())
os.write(int(os.environ["TOKENHOUSE_STATUS_FD"]), b'{"event":"ready"}\\n')
os.read(int(os.environ["TOKENHOUSE_LIFELINE_FD"]), 1)
"""


class _Terminal:
    """A terminal as a window shows it, until somebody closes the window."""

    def __init__(self) -> None:
        self._window, self._line = os.openpty()
        self.path = os.ttyname(self._line)
        self._open = True

    def close(self) -> None:
        """Close the window."""
        if self._open:
            self._open = False
            os.close(self._line)
            os.close(self._window)


@pytest.fixture
def terminal() -> Iterator[_Terminal]:
    """A terminal of this test alone."""
    opened = _Terminal()
    yield opened
    opened.close()


@contextmanager
def _served_on(terminal: _Terminal, folder: Path, how: str = "") -> Iterator[Served]:
    command = [sys.executable, "-c", _PROGRAM, terminal.path, how, _SAYS_RELOADED]
    with Served(folder, command=command) as served:
        served.read_until("\n\n")
        yield served


def test_terminal_is_gone(tmp_path: Path, terminal: _Terminal) -> None:
    """Closing the terminal it was started on stops the server: nobody is left who could stop it (README)."""
    with _served_on(terminal, tmp_path) as served:
        terminal.close()

        assert served.wait() == 0
    assert "reloaded" not in served.stderr


def test_terminal_is_there(tmp_path: Path, terminal: _Terminal) -> None:
    """SIGHUP is a reload while the terminal is there (README, For operators)."""
    with _served_on(terminal, tmp_path) as served:
        served.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "reloaded" in served.stderr)

        assert served.process.poll() is None


def test_nohup(tmp_path: Path, terminal: _Terminal) -> None:
    """What was started with nohup outlives its terminal, and SIGHUP stays a reload (README, For operators)."""
    with _served_on(terminal, tmp_path, "nohup") as served:
        terminal.close()
        wait_for(lambda: "reloaded" in served.stderr)

        assert served.process.poll() is None
