"""What `tokenhouse serve` is around core and facade, with small programs in their place."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.cli.served import Served
from tests.patience import PATIENCE

_PROGRAM = """
import json, sys
from core.cli import supervisor
supervisor._PATIENCE = {patience}
commands = json.loads(sys.argv[1])
def call(name): return [sys.executable, "-c", commands[name], name]
greet = lambda user, ready: print("ready", end="\\n\\n", flush=True)
renew = lambda: (call("core2"), call("facade2"))
sys.exit(supervisor.Supervisor(call("core"), call("facade"), greet, renew=renew).run())
"""
#: Says that it is ready, then waits for a signal or for the end of its lifeline.
WAITS = """
import os, sys
print("begins:", sys.argv[1], flush=True)
os.write(int(os.environ["TOKENHOUSE_STATUS_FD"]), b'{"event":"ready"}\\n')
os.read(int(os.environ["TOKENHOUSE_LIFELINE_FD"]), 1)
"""
IGNORES = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAITS
EXITS = "import sys; print('begins:', sys.argv[1], flush=True); sys.exit(3)"


@contextmanager
def supervised(
    folder: Path,
    patience: float = PATIENCE,
    environment: Mapping[str, str] | None = None,
    programs: Mapping[str, str] | None = None,
    **other: str,
) -> Iterator[Served]:
    """`tokenhouse serve` with other programs in the place of core and facade, and of those that replace them."""
    commands = dict.fromkeys(("core", "facade", "core2", "facade2"), WAITS) | dict(programs or other)
    command = [sys.executable, "-c", _PROGRAM.format(patience=patience), json.dumps(commands)]
    with Served(folder, command=command, environment=environment or {}) as served:
        served.read_until("\n\n")
        yield served


def running(served: Served) -> set[str]:
    """The names of what runs."""
    listed = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text(encoding="ascii")
    commands = [Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in listed.split()]
    return {command[3].decode() for command in commands if len(command) > 3}
