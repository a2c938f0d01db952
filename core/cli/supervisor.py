"""`tokenhouse serve`: both processes in the foreground. They start together, and one does not outlive the other."""

import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from core.cli.processes import ServingProcess
from core.config.errors import EXIT_CONFIG

#: How long both may take to stop, in seconds, before they are killed.
_PATIENCE = 10.0
#: How much of it the facade may use to finish requests while the core still answers.
_FACADE_FIRST = 6.0


#: Takes the `username` and `password` of a first user that the core has just made, and whether both are ready.
Greet = Callable[[Mapping[str, str] | None, bool], None]


class Supervisor:
    """Starts the core and the facade, says when both are ready, and ends when one of them or the operator wants to."""

    def __init__(self, core: Sequence[str], facade: Sequence[str], greet: Greet):
        """`greet` is called when both are ready, or at the end where they never were and there is a first user."""
        self._commands = {"core": core, "facade": facade}
        self._greet = greet
        self._processes: dict[str, ServingProcess] = {}
        self._waiting_for = set(self._commands)
        self._first_user: dict[str, str] | None = None
        self._stopping_since: float | None = None
        self._status = 0
        self._had_terminal = False
        self._selector = selectors.DefaultSelector()

    def run(self) -> int:
        """Serve until it is over; the exit status of `tokenhouse serve`."""
        self._watch_signals()
        for name, command in self._commands.items():
            process = ServingProcess(name, command)
            self._processes[name] = process
            self._selector.register(process.status_fd, selectors.EVENT_READ, partial(self._read_status, process))
        while self._processes:
            for key, _ in self._selector.select(None if self._stopping_since is None else 0.2):
                key.data()
            self._reap()
            self._press_on()
        self._hear_last_words()
        return self._status

    def _watch_signals(self) -> None:
        # nohup: whoever starts us with hangups ignored wants us to outlive the terminal.
        self._had_terminal = signal.getsignal(signal.SIGHUP) != signal.SIG_IGN and has_terminal()
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(writer)
        self._selector.register(reader, selectors.EVENT_READ, partial(self._read_signals, reader))

    def _read_signals(self, reader: int) -> None:
        for number in os.read(reader, 512):
            if number in (signal.SIGINT, signal.SIGTERM):
                if self._stopping_since is not None:
                    self._kill()
                self._stop(0)
            elif number == signal.SIGHUP and self._had_terminal and not has_terminal():
                self._stop(0)
            elif number == signal.SIGHUP and self._stopping_since is None and "core" in self._processes:
                self._processes["core"].send(signal.SIGHUP)

    def _read_status(self, process: ServingProcess) -> None:
        for event in process.read_events():
            if event["event"] == "first_user":
                self._first_user = {"username": event["username"], "password": event["password"]}
            elif event["event"] == "ready":
                self._note_ready(process.name)
        if process.finished_talking:
            self._selector.unregister(process.status_fd)
            os.close(process.status_fd)

    def _note_ready(self, name: str) -> None:
        if name in self._waiting_for:
            self._waiting_for.remove(name)
            if not self._waiting_for and self._stopping_since is None:
                first_user, self._first_user = self._first_user, None
                self._greet(first_user, True)

    def _hear_last_words(self) -> None:
        """What the two said before they ended: nobody is told a first user's password a second time."""
        while heard := self._selector.select(0):
            for key, _ in heard:
                key.data()
        if self._first_user is not None:
            self._greet(self._first_user, False)

    def _reap(self) -> None:
        for name, process in list(self._processes.items()):
            status = process.poll()
            if status is None:
                continue
            del self._processes[name]
            if self._stopping_since is None:
                if status != EXIT_CONFIG:
                    _complain(f"the {name} {_describe(status)}; stopping")
                self._stop(status if status > 0 else 1)

    def _stop(self, status: int) -> None:
        if self._stopping_since is None:
            self._stopping_since = time.monotonic()
            self._status = status
            if "facade" in self._processes:
                self._processes["facade"].send(signal.SIGTERM)

    def _press_on(self) -> None:
        """The facade first, while the core still answers what it has begun; then the core; then no more patience."""
        if self._stopping_since is None:
            return
        waited = time.monotonic() - self._stopping_since
        core = self._processes.get("core")
        if core is not None and not core.told_to_stop and ("facade" not in self._processes or waited > _FACADE_FIRST):
            core.send(signal.SIGTERM)
        if waited > _PATIENCE and self._processes:
            _complain(f"{' and '.join(self._processes)} did not stop within {_PATIENCE:.0f} s; killing")
            self._kill()

    def _kill(self) -> None:
        for process in self._processes.values():
            process.send(signal.SIGKILL)
        if self._processes:
            self._status = self._status or 1


def has_terminal() -> bool:
    """This process has a controlling terminal that is still there."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


def _describe(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"exited with status {status}"


def _complain(line: str) -> None:
    # Where the terminal is gone, so is whoever would read it.
    with suppress(OSError):
        sys.stderr.write(f"tokenhouse: {line}\n")
        sys.stderr.flush()
