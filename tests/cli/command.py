"""`tokenhouse`, called as an operator calls it."""

import json
import os
import subprocess
import sysconfig
from collections.abc import Mapping
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from core.cli.main import tokenhouse
from tests.patience import PATIENCE

TOKENHOUSE = str(Path(sysconfig.get_path("scripts")) / "tokenhouse")


def clean_environment(**variables: str) -> dict[str, str]:
    """The environment without settings of whoever runs the tests."""
    return {name: text for name, text in os.environ.items() if not name.startswith("TOKENHOUSE_")} | variables


@dataclass(frozen=True)
class Called:
    """How a call ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """What `--json` printed."""
        assert self.status == 0, self.stderr
        return json.loads(self.stdout)


def call(
    *arguments: str, folder: Path | None = None, stdin: str = "", environment: Mapping[str, str] | None = None
) -> Called:
    """Call it and wait; `folder` is where the operator stands."""
    ended = subprocess.run(
        [TOKENHOUSE, *arguments],
        cwd=folder,
        input=stdin,
        env=clean_environment(**(environment or {})),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Called(ended.returncode, ended.stdout, ended.stderr)


def call_here(
    *arguments: str, folder: Path | None = None, stdin: str = "", environment: Mapping[str, str] | None = None
) -> Called:
    """`call` in this process, which is quicker by far: for what no process of its own shows."""
    variables = dict.fromkeys(name for name in os.environ if name.startswith("TOKENHOUSE_")) | dict(environment or {})
    with chdir(folder or Path.cwd()):
        ended = CliRunner().invoke(tokenhouse, arguments, input=stdin, env=variables)
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return Called(ended.exit_code, ended.stdout, ended.stderr)


@dataclass(frozen=True)
class Operator:
    """An operator who names the same configuration every time; called in this process."""

    config: Path

    def __call__(self, *arguments: str, stdin: str = "") -> Called:
        """Call a verb with `--config`."""
        return call_here(*arguments, "--config", str(self.config), stdin=stdin)

    def add_user(self, name: str, *groups: str) -> Any:
        """Add a user; what `--json` says of them."""
        named = [argument for group in groups for argument in ("--group", group)]
        return self("users", "add", name, "--password-stdin", "--json", *named, stdin="correct horse\n").json
