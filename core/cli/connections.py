"""`tokenhouse doctor connections`."""

from collections.abc import Iterable
from datetime import UTC, datetime

import click
from tokenhouse.v1 import connection_admin_pb2 as pb
from tokenhouse.v1.connection_admin_pb2_grpc import ConnectionAdminServiceStub

from core.cli.admin import DEADLINE, PAGE_SIZE, admin_channel, as_json_value
from core.cli.invocation import OperatorCommand
from core.cli.output import json_option, print_json, printable, show_time

#: A step's name and an outcome stand under each other.
_WIDTH = 14
_STATES = {
    "begun": "not finished",
    "refused": "refused",
    "token_issued": "has a token",
    "connected": "connected",
}


@click.command(cls=OperatorCommand)
@click.option("--client", "client_id", metavar="CLIENT_ID", default="", help="Of this client alone.")
@click.option("--last", type=click.IntRange(1, PAGE_SIZE), default=20, show_default=True, help="How many attempts.")
@json_option
def connections(client_id: str, last: int, as_json: bool) -> None:
    """Show what clients went through when they tried to connect, and what is the matter with it.

    The attempt that began last stands at the end. They are in the core's memory, and begin anew with each start.
    """
    request = pb.ListConnectionAttemptsRequest(client_id=client_id, page_size=last)
    with admin_channel() as channel:
        found = ConnectionAdminServiceStub(channel).ListConnectionAttempts(request, timeout=DEADLINE)
    if as_json:
        print_json(as_json_value(found))
        return
    click.echo(f"Seen since {show_time(found.since)}, when the core started; nothing is known of the time before.")
    if found.metadata_reads:
        click.echo("\nRead the metadata, and went no further as far as it can be told:")
        _print_events(reversed(found.metadata_reads))
    _print_findings(found.findings)
    for attempt in reversed(found.attempts):
        _print_attempt(attempt)
    if not found.attempts:
        click.echo("\nNo attempt to connect was seen.")


def _print_attempt(attempt: pb.ConnectionAttempt) -> None:
    who = printable(attempt.client_name or attempt.client_id or "a client without an id")
    named = f" ({printable(attempt.client_id)})" if attempt.client_name else ""
    user = f", {printable(attempt.username)}" if attempt.username else ""
    state = _STATES.get(attempt.state, attempt.state)
    click.echo(f"\n{show_time(attempt.began_at)}  {who}{named}{user}: {state}")
    _print_events(attempt.events)
    _print_findings(attempt.findings)


def _print_events(events: Iterable[pb.ConnectionEvent]) -> None:
    for event in events:
        mark = "!" if event.refused else " "
        many = f" ({event.count} times, last at {_show_moment(event.last_at_ms)})" if event.count > 1 else ""
        where = f"  from {printable(event.network)}" if event.network else ""
        words = f"{printable(event.words)}{many}{where}"
        click.echo(f" {mark} {_show_moment(event.at_ms)}  {event.step:<{_WIDTH}}{words}")


def _print_findings(findings: Iterable[pb.ConnectionFinding]) -> None:
    for finding in findings:
        click.echo(f"   → {finding.code}: {printable(finding.words)}")
        if finding.setting:
            click.echo(f"     {printable(finding.setting)}")


def _show_moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%H:%M:%S")
