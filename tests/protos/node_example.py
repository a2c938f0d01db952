"""protos/examples/node, compiled as its README line says, and its program: a token in, an answer out."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.node import environment_with, find_node, install_packages
from tests.patience import PATIENCE
from tests.repository.checkout import ROOT

AUDIENCE = "https://mcp.example.com/mcp"
_EXAMPLE = Path("protos", "examples", "node")


class Asking:
    """The program, running."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, token: str) -> dict[str, Any]:
        """What it says of a token."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{token}\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


class Example(NamedTuple):
    """The compiled example."""

    node: Path
    folder: Path

    @contextmanager
    def running(self, target: str) -> Iterator[Asking]:
        """The program that `npm start` starts, beside the core at `target`; it ends when its input does."""
        program = json.loads((self.folder / "package.json").read_text())["scripts"]["start"].split()[1]
        command = [str(self.node), program, target, AUDIENCE]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, cwd=self.folder, text=True, **pipes) as process:  # type: ignore[call-overload]
            try:
                yield Asking(process)
                assert process.stdin is not None
                process.stdin.close()
                assert process.wait(PATIENCE) == 0
            finally:
                process.kill()


def build_example(checkout: Path) -> Example:
    """Compile it in a copy, with the stubs that `make stubs LANG=ts` generates; the types of both agree.

    Raises:
        CalledProcessError: node, its packages or the stubs cannot be had.
    """
    node = find_node()
    packages = install_packages(ROOT / _EXAMPLE, node, "package*.json") / "node_modules"
    example = checkout / _EXAMPLE
    shutil.copytree(ROOT / _EXAMPLE, example, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (example / "node_modules").symlink_to(packages)
    environment = environment_with(node, packages / ".bin")
    generate = [sys.executable, str(ROOT / "protos" / "generate.py"), "--language", "ts"]
    subprocess.run([*generate, "--into", str(checkout / "stubs" / "ts")], env=environment, check=True)
    compiled = subprocess.run([packages / ".bin" / "tsc"], cwd=example, env=environment, capture_output=True, text=True)
    assert compiled.returncode == 0, compiled.stdout
    return Example(node, example)
