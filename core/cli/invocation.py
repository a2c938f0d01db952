"""What every command has in common: `--config`, and how it fails."""

from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import click

from core.config.config import Config
from core.config.errors import ConfigError
from core.config.load import load_config

_CONFIG_FILE = "tokenhouse.config_file"


class Refused(click.ClickException):
    """One line on stderr, and exit status 1."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"tokenhouse: {self.format_message()}", file=file, err=file is None)


class NotText(Refused):
    """An argument is not text: exit status 2, as for any wrong usage."""

    exit_code = 2


def require_text(arguments: Iterable[str]) -> None:
    """Names and paths go into messages and URLs, which carry text alone.

    Raises:
        NotText: the bytes of one of them are not UTF-8.
    """
    for number, argument in enumerate(arguments, start=1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise NotText(f"argument {number} is not UTF-8 text") from None


def _remember(ctx: click.Context, _parameter: click.Parameter, value: Path | None) -> None:
    # The nearest one counts: `tokenhouse --config A users --config B list` reads B.
    if value is not None:
        ctx.meta[_CONFIG_FILE] = value


def _config_option() -> click.Option:
    return click.Option(
        ["--config"],
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=_remember,
        metavar="FILE",
        help="The configuration; else TOKENHOUSE_CONFIG, else tokenhouse.conf here.",
    )


class OperatorCommand(click.Command):
    """A command that takes `--config`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(_config_option())


class OperatorGroup(click.Group):
    """A group that takes `--config`, before the verb as well as after it."""

    command_class = OperatorCommand
    group_class = type

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(_config_option())


def config_file(ctx: click.Context) -> Path | None:
    """The file that `--config` named, if it did."""
    file: Path | None = ctx.meta.get(_CONFIG_FILE)
    return file


def load_or_refuse(ctx: click.Context, refusal: type[Refused] = Refused) -> Config:
    """The configuration of this invocation.

    Raises:
        Refused: it cannot be used, as the kind of `refusal`; the line says why.
    """
    try:
        return load_config(config_file(ctx))
    except ConfigError as error:
        raise refusal(str(error)) from None
