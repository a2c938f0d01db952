"""What the operator reads when the server is ready."""

import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from core.cli.output import stop_printing
from core.cli.service_manager import is_journal
from core.config.config import Config

_STDOUT = 1


def write_greeting(config: Config, first_user: Mapping[str, str] | None, *, ready: bool) -> None:
    """On stdout, at once: the address and what to do next where both are `ready`, and a first user's password."""
    command, option = own_command(), config_option(config.file)
    lines = [f"ready {config.server.address}", *_next_steps(config, command, option)] if ready else []
    again = f"{command} users passwd {first_user['username']}{option}" if first_user else ""
    # The password itself does not go into a log.
    in_journal = is_journal(_STDOUT)
    if first_user:
        lines += _in_journal(first_user, again) if in_journal else _first_user_lines(first_user)
    if not _write(lines) and first_user and not in_journal:
        click.echo(f"tokenhouse: the first user's password could not be shown; set one with: {again}", err=True)


def _write(lines: Sequence[str]) -> bool:
    try:
        click.echo("\n".join([*lines, ""]))
    except OSError:
        # Nobody reads it any more; that is no reason to stop serving.
        stop_printing()
        return False
    # Where stdout was closed from the start, there is none.
    return sys.stdout is not None


def _next_steps(config: Config, command: str, option: str) -> list[str]:
    address = config.server.address
    return [
        "",
        f"  1. Add a user of your own:     {command} users add NAME{option}",
        f"  2. Connect a client:           name {address} as your MCP server's authorization server,",
        "                                 then open that MCP server in Claude Code, VS Code, Cursor and so on",
        f"  3. Check tokens in a service:  gRPC ValidationService at {config.grpc.listen}; README.md shows how",
    ]


def _in_journal(first_user: Mapping[str, str], again: str) -> list[str]:
    return ["", f"  The first user is {first_user['username']}; set a password with: {again}"]


def _first_user_lines(first_user: Mapping[str, str]) -> list[str]:
    return [
        "",
        f"  The first user is {first_user['username']}, with the password {first_user['password']}",
        "  It is shown this once.",
    ]


def config_option(file: Path | None) -> str:
    """` --config FILE` as a shell takes it; nothing where no file was named."""
    return f" --config {shlex.quote(str(file))}" if file else ""


def own_command() -> str:
    """What to type to run this command again from here."""
    path = Path(sys.argv[0]).absolute()
    found = shutil.which("tokenhouse")
    if found is not None and Path(found).absolute() == path:
        return "tokenhouse"
    if path.is_relative_to(Path.cwd()):
        return shlex.quote(str(path.relative_to(Path.cwd())))
    return shlex.quote(str(path))
