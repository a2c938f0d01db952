"""`tokenhouse clock`."""

from datetime import UTC, datetime

import click
from tokenhouse.v1 import clock_admin_pb2 as pb
from tokenhouse.v1.clock_admin_pb2_grpc import ClockAdminServiceStub

from core.cli.admin import DEADLINE, admin_channel, as_json_value
from core.cli.invocation import OperatorGroup
from core.cli.output import json_option, print_facts, print_json, show_time


@click.group(cls=OperatorGroup)
def clock() -> None:
    """Show the time that is served, and confirm it where the core doubts it."""


@clock.command()
@json_option
def show(as_json: bool) -> None:
    """Show the time that is served and how far the machine's clock is off it."""
    with admin_channel() as channel:
        found = ClockAdminServiceStub(channel).GetClock(pb.GetClockRequest(), timeout=DEADLINE)
    if as_json:
        print_json(as_json_value(found))
        return
    facts = {"Time": show_time(found.now), "Machine's clock": _describe_drift(found)}
    if found.unconfirmed:
        today = datetime.fromtimestamp(found.now, UTC).date()
        facts["In doubt"] = (
            "more than a year ahead of the last time this database has seen; nothing that expired is deleted. "
            f"If it is right: tokenhouse clock confirm {today}"
        )
    print_facts(facts)


@clock.command()
@click.argument("today", metavar="DATE")
@json_option
def confirm(today: str, as_json: bool) -> None:
    """Say that DATE (today's, in UTC, as in 2031-12-31) is right: what expired before it is deleted again.

    That cannot be taken back: with a wrong date, every grant is gone.
    """
    with admin_channel() as channel:
        answer = ClockAdminServiceStub(channel).ConfirmClock(pb.ConfirmClockRequest(today=today), timeout=DEADLINE)
    if as_json:
        print_json(as_json_value(answer))
    elif answer.confirmed:
        click.echo(f"{today} is confirmed; what expired before it is deleted from now on.")
    else:
        click.echo("The clock was not in doubt; nothing changed.")


def _describe_drift(found: pb.GetClockResponse) -> str:
    if not found.drifting:
        return "in step"
    where = "ahead" if found.drift > 0 else "behind"
    why = "held at the last time this database had seen" if found.held_back else "not followed before a restart"
    return f"{abs(found.drift)} s {where}; {why}"
