"""How commands print: tables for people, JSON for scripts."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from io import TextIOWrapper
from typing import Any

import click

#: JSON instead of a table; the command gets it as `as_json`.
json_option: Callable[[Any], Any] = click.option("--json", "as_json", is_flag=True, help="JSON for scripts.")


def print_anything() -> None:
    """From here on a character that the terminal's encoding lacks is spelt out instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def stop_printing() -> None:
    """Nobody takes our stdout: what is still in its buffer must not be tried again when the interpreter ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def print_json(value: object) -> None:
    """JSON on stdout; everything beyond ASCII is escaped, so that a name cannot speak to the terminal."""
    click.echo(json.dumps(value, indent=2))


def print_table(rows: Iterable[Mapping[str, object]], empty: str) -> None:
    """One line per row under the rows' keys; `empty` says that there is none."""
    from tabulate import tabulate

    shown = [{title: printable(value) for title, value in row.items()} for row in rows]
    click.echo(tabulate(shown, headers="keys", tablefmt="simple", disable_numparse=True) if shown else empty)


def print_facts(facts: Mapping[str, object]) -> None:
    """One fact per line, its name first."""
    from tabulate import tabulate

    rows = [(title, printable(value)) for title, value in facts.items()]
    click.echo(tabulate(rows, tablefmt="plain", disable_numparse=True))


def printable(value: object) -> str:
    """Text that a terminal shows and never obeys: names come from strangers. Several values stand on several lines."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "\n".join(printable(item) for item in value)
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in str(value))


def show_time(seconds: int) -> str:
    """Seconds since the epoch as people read them, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def count(number: int, noun: str) -> str:
    """`1 grant`, `2 grants`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def show_size(size: int) -> str:
    """Bytes as people read them."""
    for unit in ("bytes", "KB", "MB"):
        if size < 10_000:
            return f"{size} {unit}"
        size = round(size / 1000)
    return f"{size} GB"
