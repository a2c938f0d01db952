"""`tokenhouse version`."""

from importlib import metadata

import click

from core.cli.invocation import OperatorCommand
from core.cli.output import json_option, print_json


@click.command(cls=OperatorCommand)
@json_option
def version(as_json: bool) -> None:
    """Say which version this is."""
    number = metadata.version("tokenhouse")
    if as_json:
        print_json({"version": number})
    else:
        click.echo(f"tokenhouse {number}")
