"""Processes of the core and the facade, forked from one that has loaded the program and has done nothing yet.

To load it is most of what a start costs, 0.34 of 0.55 s of CPU for the core, 0.28 of 0.44 s for the facade, and tests
start them some 150 times. What begins then begins as `python -m core` does, in a process of its own that is a child of
the test's, with its environment, folder and descriptors; only its command line is another's. Whoever needs more than
that (a start that is itself looked at, other variables that are read before a program begins) starts Python.

Passwords are hashed with little memory there, as elsewhere in the tests (`passwords.py`): else a login costs 50 ms of
CPU.
"""

import array
import atexit
import ctypes
import fcntl
import gc
import json
import os
import runpy
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import IO

from tests.passwords import hash_quickly
from tests.patience import PATIENCE
from tests.repository.checkout import ROOT

#: What is loaded for each: the program, and what it loads later on, where a new database is made.
_PROGRAMS = {
    "core": ("core.__main__", "core.store.sqlite.migrations", "sqlite_utils.migrations", "grpc._server"),
    "facade": ("facade.command",),
}
#: What is read before the program begins, and what it was for those that have loaded it.
_READ_EARLY = ("LD_", "PYTHON", "GRPC_", "MALLOC_")
_ENVIRONMENT = dict(os.environ)
#: prctl(2): who is orphaned below this process becomes its child.
_PR_SET_CHILD_SUBREAPER = 36
_SERVE = "from tests.loaded import serve; serve()"
_LARGEST = 1024 * 1024
#: Whose orphans become ours is said of the whole process: two forks side by side would lose one of theirs.
_ADOPTING = threading.Lock()
#: Threads that begin side by side share one.
_LOADING = threading.Lock()


def start_python(
    command: Sequence[str], *, environment: Mapping[str, str], log: IO[bytes], inherited: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """What Python runs in the checkout: "-m", a module of the core or the facade, and its arguments.

    `environment` is all of it, and the `inherited` descriptors have the same numbers there.
    """
    early = {
        name: text
        for name, text in environment.items()
        if name.startswith(_READ_EARLY) and text != _ENVIRONMENT.get(name)
    }
    shim = early.pop("LD_PRELOAD", "")
    if early:
        return subprocess.Popen([sys.executable, *command], pass_fds=inherited, env=environment, stderr=log, cwd=ROOT)
    _, module, *arguments = command
    with _LOADING:
        loaded = _loaded("facade" if "facade" in module else "core", shim)
    return _Forked(loaded.fork([module, *arguments], environment, [*inherited, log.fileno()]))


class _Forked(subprocess.Popen[bytes]):
    """A child that somebody else has started for us."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.args = ()
        self.returncode = None
        self.stdin = self.stdout = self.stderr = None
        self._child_created = True
        self._waitpid_lock = threading.Lock()
        self._sigint_wait_secs = 0.25


class _Loaded:
    """A process that has loaded a program, after a shim (`faults/shim`) where one is named."""

    def __init__(self, program: str, shim: str) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(PATIENCE)
        with theirs:
            command = [sys.executable, "-c", _SERVE, program, shim, str(theirs.fileno())]
            environment = _ENVIRONMENT | ({"LD_PRELOAD": shim} if shim else {})
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, pass_fds=[theirs.fileno()])
        atexit.register(self._end)

    def fork(self, command: Sequence[str], environment: Mapping[str, str], descriptors: Sequence[int]) -> int:
        """The number of a new process, which runs the command; the last descriptor is its stderr."""
        order = json.dumps([command, dict(environment), list(descriptors)]).encode()
        with _ADOPTING:
            _adopt_orphans(True)
            try:
                socket.send_fds(self._control, [order], list(descriptors))
                # It says who it is, and the one between us and it is gone.
                answers = sorted(int(self._control.recv(16)) for _ in range(2))
            finally:
                _adopt_orphans(False)
        return answers[1]

    def _end(self) -> None:
        self._control.close()
        self._process.wait(PATIENCE)


@cache
def _loaded(program: str, shim: str) -> _Loaded:
    return _Loaded(program, shim)


def _adopt_orphans(adopts: bool) -> None:
    if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(adopts), 0, 0, 0):
        raise OSError("prctl")


def serve() -> None:
    """Load the program that the command line names, and fork for whoever asks on the other end of the socket."""
    program, shim, descriptor = sys.argv[1:]
    sys.path[0] = str(ROOT)
    # As facade.__main__ does, before anything is loaded.
    if program == "facade":
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    for module in _PROGRAMS[program]:
        import_module(module)
    if program == "core":
        hash_quickly()
    # What begins is to be __main__ itself.
    sys.modules.pop("core.__main__", None)
    gc.freeze()
    with socket.socket(fileno=int(descriptor)) as control:
        while (order := _receive(control)) is not None:
            between = os.fork()
            if not between:
                if os.fork():
                    os._exit(0)
                control.send(b"%d" % os.getpid())
                break
            os.waitpid(between, 0)
            # Theirs alone: whoever reads the other end of a pipe learns of their end by it.
            for given in order[2].values():
                os.close(given)
            control.send(b"0")
    if order is not None:
        _become(*order, shim)


def _receive(control: socket.socket) -> tuple[list[str], dict[str, str], dict[int, int]] | None:
    """Command, environment, and by number what was given; None when nobody asks any more."""
    room = socket.CMSG_SPACE(64 * array.array("i").itemsize)
    message, ancillary, _, _ = control.recvmsg(_LARGEST, room)
    if not message:
        return None
    command, environment, numbers = json.loads(message)
    given = array.array("i")
    for _, _, data in ancillary:
        given.frombytes(data)
    return command, environment, dict(zip(numbers, given, strict=True))


def _become(command: list[str], environment: dict[str, str], given: dict[int, int], shim: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    log = list(given)[-1]
    # First out of the way: the number that one is to have may be another's now.
    apart = {number: _far_away(descriptor) for number, descriptor in given.items()}
    for number, descriptor in apart.items():
        os.dup2(descriptor, 2 if number == log else number)
        os.close(descriptor)
    if shim:
        # What it is told by variables it read in vain when it was loaded. It opens files: not before each number is its
        # owner's.
        ctypes.CDLL(shim).shim_begin()
    sys.argv = command
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


def _far_away(descriptor: int) -> int:
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 512)
    os.close(descriptor)
    return moved
