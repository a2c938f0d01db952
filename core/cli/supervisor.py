"""`tokenhouse serve`: both processes in the foreground. They start together, and one does not outlive the other."""

import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial

from core.cli.processes import ServingProcess
from core.cli.service_manager import say_ready, say_reloading, say_stopping
from core.config.errors import EXIT_CONFIG

#: How long both may take to stop, in seconds, before they are killed.
_PATIENCE = 10.0
#: How much of it the facade may use to finish requests while the core still answers.
_FACADE_FIRST = 6.0
#: Signals no further apart than this, in seconds, are one wish: a terminal, `timeout` and `make` each hand theirs on.
_ONE_WISH = 0.5


#: Takes the `username` and `password` of a first user that the core has just made, and whether both are ready.
Greet = Callable[[Mapping[str, str] | None, bool], None]
#: How the core and the facade are called from now on; None where they cannot be, which was said.
Renew = Callable[[], tuple[Sequence[str], Sequence[str]] | None]


class Supervisor:
    """Starts the core and the facade, says when both are ready, and ends when one of them or the operator wants to."""

    def __init__(
        self,
        core: Sequence[str],
        facade: Sequence[str],
        greet: Greet,
        *,
        renew: Renew | None = None,
        sockets: Mapping[str, socket.socket] | None = None,
    ) -> None:
        """`greet` is called when both are ready, or at the end where they never were and there is a first user.

        `sockets` are what facades listen on, by the variables that tell them; they are closed when it is over. `renew`
        is asked before a replacement.
        """
        self._commands = core, facade
        self._greet = greet
        self._greeted = False
        self._renew = renew or (lambda: (core, facade))
        self._sockets = sockets or {}
        #: In the order in which they were started; for a while there may be two facades.
        self._processes: list[ServingProcess] = []
        self._replacing: Iterator[None] | None = None
        self._first_user: dict[str, str] | None = None
        self._stopping_since: float | None = None
        self._status = 0
        self._had_terminal = False
        self._selector = selectors.DefaultSelector()

    def run(self) -> int:
        """Serve until it is over; the exit status of `tokenhouse serve`."""
        self._watch_signals()
        core, facade = self._commands
        self._start("core", core)
        self._start("facade", facade)
        while self._processes:
            is_waiting = self._stopping_since is not None or self._replacing is not None
            for key, _ in self._selector.select(0.2 if is_waiting else None):
                key.data()
            self._reap()
            self._press_on()
            self._go_on_replacing()
        self._hear_last_words()
        return self._status

    def _start(self, name: str, command: Sequence[str]) -> ServingProcess:
        sockets = self._sockets if name == "facade" else {}
        process = ServingProcess(name, command, {variable: each.fileno() for variable, each in sockets.items()})
        self._processes.append(process)
        self._selector.register(process.status_fd, selectors.EVENT_READ, partial(self._read_status, process))
        return process

    def _find(self, name: str) -> list[ServingProcess]:
        return [process for process in self._processes if process.name == name]

    def _watch_signals(self) -> None:
        # nohup: whoever starts us with hangups ignored wants us to outlive the terminal.
        self._had_terminal = signal.getsignal(signal.SIGHUP) != signal.SIG_IGN and has_terminal()
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(writer)
        self._selector.register(reader, selectors.EVENT_READ, partial(self._read_signals, reader))

    def _read_signals(self, reader: int) -> None:
        for number in os.read(reader, 512):
            if number in (signal.SIGINT, signal.SIGTERM):
                if self._stopping_since is not None and time.monotonic() - self._stopping_since > _ONE_WISH:
                    self._kill()
                self._stop(0)
            elif number == signal.SIGHUP and self._had_terminal and not has_terminal():
                self._stop(0)
            elif number == signal.SIGHUP and self._stopping_since is None:
                for core in self._find("core"):
                    core.send(signal.SIGHUP)
            elif number == signal.SIGUSR2 and self._stopping_since is None:
                self._begin_replacing()

    def _begin_replacing(self) -> None:
        if self._replacing is not None or not self._greeted:
            _complain("not replaced: core and facade are being started")
        elif (commands := self._renew()) is not None:
            self._replacing = self._replace(*commands)
            say_reloading()

    def _replace(self, core: Sequence[str], facade: Sequence[str]) -> Iterator[None]:
        """One step after the other, each time as far as it goes: the facade's requests wait for the core in between."""
        [old_core] = self._find("core")
        since = time.monotonic()
        old_core.send(signal.SIGTERM)
        while old_core.poll() is None:
            if time.monotonic() - since > _PATIENCE:
                old_core.send(signal.SIGKILL)
            yield
        new_core = self._start("core", core)
        while not new_core.ready:
            yield
        if self._first_user is not None:
            # The settings name another folder, where there was no database.
            self._tell_first_user(ready=False)
        [old_facade] = self._find("facade")
        new_facade = self._start("facade", facade)
        while not new_facade.ready:
            if new_facade not in self._processes:
                return
            yield
        old_facade.send(signal.SIGTERM)
        while old_facade in self._processes:
            yield
        _complain("core and facade have been replaced")

    def _go_on_replacing(self) -> None:
        if self._replacing is not None and (self._stopping_since is not None or next(self._replacing, self) is self):
            self._replacing = None
            if self._stopping_since is None:
                say_ready()

    def _read_status(self, process: ServingProcess) -> None:
        for event in process.read_events():
            if event["event"] == "first_user":
                self._first_user = {"username": event["username"], "password": event["password"]}
            elif event["event"] == "ready":
                process.ready = True
                self._greet_once()
        if process.finished_talking:
            self._selector.unregister(process.status_fd)
            os.close(process.status_fd)

    def _greet_once(self) -> None:
        if not self._greeted and self._stopping_since is None and all(process.ready for process in self._processes):
            self._greeted = True
            self._tell_first_user(ready=True)
            say_ready()

    def _tell_first_user(self, *, ready: bool) -> None:
        first_user, self._first_user = self._first_user, None
        self._greet(first_user, ready)

    def _hear_last_words(self) -> None:
        """What the two said before they ended: nobody is told a first user's password a second time."""
        while heard := self._selector.select(0):
            for key, _ in heard:
                key.data()
        if self._first_user is not None:
            self._tell_first_user(ready=False)

    def _reap(self) -> None:
        for process in list(self._processes):
            status = process.poll()
            if status is None:
                continue
            self._processes.remove(process)
            if process.told_to_stop or self._stopping_since is not None:
                continue
            if self._find(process.name):
                _complain(f"one {process.name} {_describe(status)}; the other goes on")
                continue
            if status != EXIT_CONFIG:
                _complain(f"the {process.name} {_describe(status)}; stopping")
            self._stop(status if status > 0 else 1)

    def _stop(self, status: int) -> None:
        if self._stopping_since is None:
            self._stopping_since = time.monotonic()
            self._status = status
            say_stopping()
            # Whoever comes now is refused, and does not wait for nobody.
            for listener in self._sockets.values():
                listener.close()
            for facade in self._find("facade"):
                facade.send(signal.SIGTERM)

    def _press_on(self) -> None:
        """The facade first, while the core still answers what it has begun; then the core; then no more patience."""
        if self._stopping_since is None:
            return
        waited = time.monotonic() - self._stopping_since
        for core in self._find("core"):
            if not core.told_to_stop and (not self._find("facade") or waited > _FACADE_FIRST):
                core.send(signal.SIGTERM)
        if waited > _PATIENCE and self._processes:
            names = dict.fromkeys(process.name for process in self._processes)
            _complain(f"{' and '.join(names)} did not stop within {_PATIENCE:.0f} s; killing")
            self._kill()

    def _kill(self) -> None:
        for process in self._processes:
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
