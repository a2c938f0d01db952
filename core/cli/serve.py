"""`tokenhouse serve`."""

import os
import signal
import sys
from collections.abc import Mapping

import click

from core.cli.greeting import write_greeting
from core.cli.invocation import OperatorCommand, Refused, load_or_refuse
from core.cli.processes import core_command, environment_of, facade_command, hold_signals
from core.cli.supervisor import Supervisor
from core.config.errors import EXIT_CONFIG


class ServeRefused(Refused):
    """The settings cannot be used: the exit status of a server that is refused."""

    exit_code = EXIT_CONFIG


@click.command(cls=OperatorCommand)
@click.argument("process", type=click.Choice(["core", "facade"]), required=False)
@click.pass_context
def serve(ctx: click.Context, process: str | None) -> None:
    """Run core and facade in the foreground until Ctrl-C, or PROCESS alone.

    SIGHUP reads the configuration again. Exit status 78: the configuration or the database is refused.
    """
    config = load_or_refuse(ctx, ServeRefused)
    if process is not None:
        command = core_command(config) if process == "core" else facade_command(config)
        sys.stdout.flush()
        with hold_signals(signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.execve(command[0], command, environment_of(process))  # noqa: S606

    def greet(first_user: Mapping[str, str] | None, ready: bool) -> None:
        write_greeting(config, first_user, ready=ready)

    sys.exit(Supervisor(core_command(config), facade_command(config), greet).run())
