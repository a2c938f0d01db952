"""`tokenhouse serve`."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

import click

from core.cli.greeting import write_greeting
from core.cli.invocation import OperatorCommand, Refused, load_or_refuse
from core.cli.listening import LISTEN_VARIABLE, CannotListen, find_activated, open_listeners
from core.cli.processes import core_command, environment_of, facade_command, hold_signals, raise_file_limit
from core.cli.supervisor import Supervisor
from core.config.config import Config
from core.config.errors import EXIT_CONFIG, ConfigError


class ServeRefused(Refused):
    """The settings cannot be used: the exit status of a server that is refused."""

    exit_code = EXIT_CONFIG


@click.command(cls=OperatorCommand)
@click.argument("process", type=click.Choice(["core", "facade"]), required=False)
@click.pass_context
def serve(ctx: click.Context, process: str | None) -> None:
    """Run core and facade in the foreground until Ctrl-C, or PROCESS alone.

    SIGHUP reads the configuration again; SIGUSR2 replaces both processes, and no request fails. Exit status 78: the
    configuration or the database is refused.
    """
    config = load_or_refuse(ctx, ServeRefused)
    if process != "core":
        _require_files_of_facade(config)
    raise_file_limit()
    try:
        if process is not None:
            _become(process, config)
        listeners = open_listeners(config)
    except CannotListen as refusal:
        raise ServeRefused(str(refusal)) from None

    def greet(first_user: Mapping[str, str] | None, ready: bool) -> None:
        write_greeting(config, first_user, ready=ready)

    def renew() -> tuple[Sequence[str], Sequence[str]] | None:
        try:
            renewed = load_or_refuse(ctx, ServeRefused)
            _require_files_of_facade(renewed)
        except ServeRefused as refusal:
            refusal.show()
            return None
        _say_what_waits(config, renewed)
        return core_command(renewed), facade_command(renewed)

    supervisor = Supervisor(core_command(config), facade_command(config), greet, renew=renew, sockets=listeners)
    sys.exit(supervisor.run())


def _require_files_of_facade(config: Config) -> None:
    """Before the core makes a first user whose password nobody would see: it is shown by a server that is ready."""
    if config.server.certificate is None and config.pages.logo is None:
        return
    # Loaded where it is wanted: it knows gRPC and X.509.
    from core.named_files import require_files_of_facade

    try:
        require_files_of_facade(config)
    except ConfigError as refusal:
        raise ServeRefused(str(refusal)) from None


def _become(process: str, config: Config) -> NoReturn:
    command = core_command(config) if process == "core" else facade_command(config)
    environment = environment_of(process)
    if process == "facade" and (activated := find_activated()) is not None:
        environment[LISTEN_VARIABLE] = str(activated.detach())
    sys.stdout.flush()
    with hold_signals(signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.execve(command[0], command, environment)  # noqa: S606


def _say_what_waits(config: Config, renewed: Config) -> None:
    """The sockets are held here, and stay as they are."""
    changed = {
        "Server.Listen": config.server.listen != renewed.server.listen,
        "Metrics.FacadeListen": config.metrics.facade_listen != renewed.metrics.facade_listen,
    }
    for setting, differs in changed.items():
        if differs:
            click.echo(f"tokenhouse: {setting} changes when `tokenhouse serve` itself is started again", err=True)
