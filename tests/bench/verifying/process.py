"""A process that is given a task as a line of JSON on its standard input, and answers each line with another."""

import json
import subprocess
import sys
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from tests.repository.checkout import ROOT

_PATIENCE = 30


@dataclass
class Verifying:
    """`module` of this package, for a `with`."""

    module: str

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", f"{__package__}.{self.module}"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, cwd=ROOT
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # At the end of its input it ends by itself.
        self._process.communicate(timeout=_PATIENCE)

    def tell(self, **task: Any) -> None:
        """Give it something to do."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps(task)}\n")

    def hear(self) -> Any:
        """Its next answer.

        Raises:
            RuntimeError: it has ended; what went wrong stands on the standard error.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.module} has ended")
        return json.loads(line)


def ask(module: str, **task: Any) -> Any:
    """One answer of a process of its own."""
    with Verifying(module) as process:
        process.tell(**task)
        return process.hear()


def answer(told: Any) -> None:
    """For the other side: a line on the standard output."""
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()


def tasks() -> Any:
    """For the other side: what it is told, until there is no more."""
    return map(json.loads, iter(sys.stdin.readline, ""))
