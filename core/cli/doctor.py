"""`tokenhouse doctor`."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import click
from tokenhouse.v1 import clock_admin_pb2 as pb
from tokenhouse.v1.clock_admin_pb2_grpc import ClockAdminServiceStub

from core.cli.admin import admin_channel
from core.cli.connections import connections
from core.cli.invocation import OperatorGroup, Refused, load_or_refuse
from core.cli.output import count, json_option, print_json, printable
from core.doctor.examination import CoreSilent, examine
from core.doctor.finding import Finding, Verdict, good, problem
from core.domain.administration.clock import ClockState

#: For the core's answer, in seconds: one that is well takes milliseconds, and who calls a doctor is in a hurry.
_DEADLINE = 3


@click.group(cls=OperatorGroup, invoke_without_command=True)
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Look at everything a core needs, running or not, and say what to do.

    Exit status 1 where there is a problem. Nothing is changed.
    """
    if ctx.invoked_subcommand is not None:
        return
    findings = list(_examine(ctx))
    problems = [finding for finding in findings if finding.verdict is Verdict.PROBLEM]
    if as_json:
        print_json({"healthy": not problems, "findings": [asdict(finding) for finding in findings]})
    else:
        _print(findings, problems)
    ctx.exit(1 if problems else 0)


doctor.add_command(connections)


def _examine(ctx: click.Context) -> Iterator[Finding]:
    try:
        config = load_or_refuse(ctx)
    except Refused as refusal:
        yield problem("Configuration", f"{refusal.format_message()}; the rest can be looked at when this is right")
        return
    yield good("Configuration", f"{config.file or 'the defaults and the environment'}: good")
    yield from examine(config, _ask_clock)


def _ask_clock() -> ClockState:
    try:
        with admin_channel(_DEADLINE) as channel:
            found = ClockAdminServiceStub(channel).GetClock(pb.GetClockRequest(), timeout=_DEADLINE)
    except Refused as refusal:
        raise CoreSilent(refusal.format_message()) from None
    return ClockState(found.now, found.drift, found.held_back, found.unconfirmed)


def _print(findings: Sequence[Finding], problems: Sequence[Finding]) -> None:
    for finding in findings:
        click.echo(f"{finding.verdict:<9}{finding.subject:<15}{printable(finding.words)}")
    click.echo(f"\n{count(len(problems), 'problem')}." if problems else "\nAll is well.")
