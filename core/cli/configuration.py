"""`tokenhouse config`."""

from collections.abc import Iterator
from typing import Any

import click

from core.cli.invocation import OperatorGroup, Refused, load_or_refuse
from core.cli.output import json_option, print_json, print_table
from core.config.errors import ConfigError
from core.config.setting import DEFAULT, Found


@click.group(cls=OperatorGroup)
def config() -> None:
    """Check and show the settings."""


@config.command()
@json_option
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """Read and check every setting, and the files that they name. Says whether the server would start with them.

    What it would start with and nobody would take, as a certificate that has ended, is a warning on stderr.
    """
    # Loaded where they are wanted: they know gRPC and X.509.
    from core.certificate_faults import list_certificate_warnings
    from core.named_files import require_named_files

    loaded = load_or_refuse(ctx)
    try:
        require_named_files(loaded)
        warnings = list_certificate_warnings(loaded)
    except ConfigError as refusal:
        raise Refused(str(refusal)) from None
    if as_json:
        print_json(
            {
                "good": True,
                **({"file": str(loaded.file)} if loaded.file else {}),
                **({"warnings": warnings} if warnings else {}),
            }
        )
    else:
        for warning in warnings:
            click.echo(f"tokenhouse: warning: {warning}", err=True)
        click.echo(f"{loaded.file or 'The defaults and the environment'}: good")


@config.command()
@json_option
@click.pass_context
def show(ctx: click.Context, as_json: bool) -> None:
    """Show every setting, its value and where it came from. Secrets stay hidden."""
    found = load_or_refuse(ctx).found.values()
    if as_json:
        print_json([_json_of(setting) for setting in found])
    else:
        print_table((row for setting in found for row in _rows(setting)), "There are no settings.")


def _rows(found: Found[Any]) -> Iterator[dict[str, str]]:
    if not found.values:
        words = found.setting.default_words if found.place == DEFAULT else "none"
        yield {"Setting": found.setting.name, "Value": f"({words})", "From": found.place}
        return
    for value, place in zip(found.shown, found.places, strict=True):
        yield {"Setting": found.setting.name, "Value": value, "From": place}


def _json_of(found: Found[Any]) -> dict[str, object]:
    values = list(found.shown)
    if found.setting.repeatable:
        return {"setting": found.setting.name, "values": values, "from": list(found.places) or [DEFAULT]}
    value = {"value": values[0]} if values else {}
    return {"setting": found.setting.name, **value, "from": found.place}
