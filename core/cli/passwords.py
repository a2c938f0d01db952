"""Where a password comes from: stdin or a terminal, never the command line, which every process can read."""

import sys
from collections.abc import Callable
from typing import Any

import click

from core.cli.invocation import NotText

#: Read the password from stdin; the command gets it as `password_stdin`.
password_option: Callable[[Any], Any] = click.option(
    "--password-stdin", is_flag=True, help="Read the password from stdin instead of asking for it."
)


def read_password(password_stdin: bool) -> str:
    """The password from stdin without its line end, or asked for twice on a terminal.

    Raises:
        click.UsageError: there is nobody to ask, or stdin does not hold one line.
        NotText: it is not UTF-8.
    """
    if not password_stdin:
        if not sys.stdin.isatty():
            raise click.UsageError("there is no terminal to ask for the password; use --password-stdin")
        return _ask()
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise NotText("the password on stdin is not UTF-8 text") from None
    password = text.removesuffix("\n").removesuffix("\r")
    if not password or "\n" in password:
        raise click.UsageError("stdin must hold the password on one line")
    return password


def _ask() -> str:
    try:
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt="Once more")
        # Where the locale is C, bytes that are no text get this far.
        asked.encode()
    except UnicodeError:
        raise NotText("the password is not UTF-8 text") from None
    return asked
