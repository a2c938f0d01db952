"""The command `tokenhouse` itself: a table of its verbs, each loaded when it is called."""

import logging
import sys
from importlib import import_module

import click

from core.cli.invocation import OperatorGroup, Refused, require_text
from core.cli.output import print_anything, stop_printing

#: Verb → module that defines a command of the same name, and what `--help` says of it. A module is imported only when
#: its verb is called: gRPC alone takes longer to load than `tokenhouse version` to run.
_VERBS = {
    "serve": ("core.cli.serve", "Run core and facade in the foreground, or one of them."),
    "overview": ("core.cli.overview", "Count clients, users, grants and connected verifiers."),
    "statistics": ("core.cli.statistics", "Say how much happened in the last hour, day or month."),
    "users": ("core.cli.users", "Add, show and change users."),
    "clients": ("core.cli.clients", "Show, delete and block registered clients."),
    "grants": ("core.cli.grants", "Show and revoke what users gave to clients."),
    "keys": ("core.cli.keys", "Show and rotate signing keys and the master key."),
    "audit": ("core.cli.audit", "Show, search and export what was decided."),
    "limits": ("core.cli.limits", "Show whose tries are used up, and give them back."),
    "clock": ("core.cli.clock", "Show the time that is served, and confirm it."),
    "backup": ("core.cli.backup", "Copy the database to a file, also while the server runs."),
    "restore": ("core.cli.restore", "Put a backup in the place of the database, while the core is stopped."),
    "doctor": ("core.cli.doctor", "Look at everything the core needs, and say what to do."),
    "config": ("core.cli.configuration", "Check and show the settings."),
    "version": ("core.cli.version", "Say which version this is."),
}


class _Verbs(OperatorGroup):
    """A group that knows its verbs by name and help alone."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        require_text(args)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command: click.Command = getattr(import_module(_VERBS[cmd_name][0]), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(verb, help_text) for verb, (_, help_text) in _VERBS.items()])


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
def tokenhouse() -> None:
    """Tokenhouse, an OAuth 2.1 authorization server: run it, and look after its users, clients, grants and keys."""


def main() -> None:
    """The console script."""
    print_anything()
    # A refusal is one line; what a store says to a log of it has no log here.
    logging.getLogger("core").addHandler(logging.NullHandler())
    try:
        tokenhouse(prog_name="tokenhouse")
    except OSError as error:
        # Most of all an output that nobody takes: a full disk, a terminal that is gone.
        stop_printing()
        refusal = Refused(": ".join(str(part) for part in (error.filename, error.strerror) if part))
        refusal.show()
        sys.exit(refusal.exit_code)
