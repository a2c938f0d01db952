"""`tokenhouse audit`."""

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import IO, Any

import click
import grpc
from tokenhouse.v1 import audit_admin_pb2 as pb
from tokenhouse.v1.audit_admin_pb2_grpc import AuditAdminServiceStub

from core.cli.admin import DEADLINE, PAGE_SIZE, admin_channel
from core.cli.invocation import OperatorGroup
from core.cli.output import json_option, print_table, printable
from core.config.values import parse_duration

#: Between two looks for new records, in seconds.
_LOOK_PERIOD = 1.0
_ACTS = [name.removeprefix("AUDIT_ACT_").lower() for name in pb.AuditAct.keys()[1:]]
_RESULTS = [name.removeprefix("AUDIT_RESULT_").lower() for name in pb.AuditResult.keys()[1:]]


@click.group(cls=OperatorGroup)
def audit() -> None:
    """Show, search and export what was decided: who, what, which client, from where, and what came of it."""


def _time(_ctx: click.Context, _option: click.Parameter, value: str | None) -> int | None:
    """A duration ago, or a moment in UTC."""
    if value is None:
        return None
    try:
        return int(time.time()) - parse_duration(value)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter("90m, 2d, 2031-12-31 or 2031-12-31T12:00, in UTC") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _wanted(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which records; they come as `wanted`."""
    options = (
        click.option(
            "--act",
            "acts",
            multiple=True,
            type=click.Choice(_ACTS),
            metavar="ACT",
            help="Only this, as the column says it; repeatable.",
        ),
        click.option("--result", "results", multiple=True, type=click.Choice(_RESULTS), help="Repeatable."),
        click.option("--user", metavar="NAME", default="", help="What they did, or what concerns them."),
        click.option(
            "--client", "client_id", metavar="CLIENT_ID", default="", help="What it did, or what concerns it."
        ),
        click.option("--from", "network", metavar="ADDRESS", default="", help="Only from this network."),
        click.option("--id", "correlation_id", metavar="ID", default="", help="Only the request of this number."),
        click.option("--target", metavar="TARGET", default="", help="Only about this grant, key, …"),
        click.option("--since", callback=_time, metavar="TIME", help="90m, 2d, or a moment in UTC."),
        click.option("--until", callback=_time, metavar="TIME", help="As --since."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@audit.command()
@click.option("-n", "--lines", default=20, show_default=True, type=click.IntRange(0, PAGE_SIZE), help="How many.")
@click.option("-f", "--follow", is_flag=True, help="Go on, until Ctrl-C.")
@json_option
@_wanted
def tail(lines: int, follow: bool, as_json: bool, **wanted: Any) -> None:
    """Show the latest records, the newest last."""
    request = _request(wanted)
    with admin_channel() as channel:
        stub = AuditAdminServiceStub(channel)
        request.page_size = max(lines, 1)
        newest = list(stub.ListAuditRecords(request, timeout=DEADLINE).records)[::-1]
        _print_lines(newest[-lines:] if lines else [], as_json)
        request.page_size, request.after_number = PAGE_SIZE, newest[-1].number if newest else 0
        is_away = False
        while follow:
            time.sleep(_LOOK_PERIOD)
            try:
                _print_lines(_all_after(stub, request), as_json)
                is_away = False
            except grpc.RpcError as error:
                # A core that is restarted, or replaced, goes on with the next number.
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                if not is_away:
                    is_away = True
                    click.echo("tokenhouse: the core is away; this goes on when it is back", err=True)


@audit.command()
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="At most so many.")
@json_option
@_wanted
def search(limit: int, as_json: bool, **wanted: Any) -> None:
    """Show the records that match, newest first."""
    request = _request(wanted)
    with admin_channel() as channel:
        found = list(_first(AuditAdminServiceStub(channel), request, limit))
    if as_json:
        _print_lines(found, as_json=True)
    else:
        print_table(map(_row, found), "There are no such records.")


@audit.command()
@click.option("--after", default=0, type=click.IntRange(0), metavar="NUMBER", help="Only those above this number.")
@click.option("--output", type=click.File("w", encoding="ascii", atomic=True), default="-", help="A file; else stdout.")
@_wanted
def export(after: int, output: IO[str], **wanted: Any) -> None:
    """Write all records that match as lines of JSON, the oldest first."""
    # A new file is for its owner alone, as the stream's is: it says who did what from where.
    before = os.umask(0o077)
    try:
        request = _request(wanted)
        request.page_size, request.after_number = PAGE_SIZE, after
        with admin_channel() as channel:
            for record in _all_after(AuditAdminServiceStub(channel), request):
                output.write(f"{_line(record)}\n")
    finally:
        os.umask(before)


@audit.command()
@click.option("--since", callback=_time, default="1d", show_default=True, metavar="TIME", help="As elsewhere.")
@json_option
def counts(since: int, as_json: bool) -> None:
    """Show what is counted alone, hour by hour: refreshes by verdict, validations, and the rest in numbers."""
    with admin_channel() as channel:
        request = pb.ListAuditCountsRequest(since=since)
        found = AuditAdminServiceStub(channel).ListAuditCounts(request, timeout=DEADLINE).counts
    if as_json:
        for each in found:
            members = {"hour": _rfc3339(each.hour), "act": _word(pb.AuditAct.Name(each.act), "AUDIT_ACT_")}
            click.echo(json.dumps(members | {"reason": each.reason, "count": each.count}))
    else:
        print_table(
            (
                {
                    "Hour": _rfc3339(each.hour),
                    "What": _word(pb.AuditAct.Name(each.act), "AUDIT_ACT_"),
                    "What came of it": each.reason,
                    "How often": each.count,
                }
                for each in found
            ),
            "Nothing was counted.",
        )


def _request(wanted: dict[str, Any]) -> pb.ListAuditRecordsRequest:
    acts = [pb.AuditAct.Value(f"AUDIT_ACT_{act.upper()}") for act in wanted.pop("acts")]
    results = [pb.AuditResult.Value(f"AUDIT_RESULT_{result.upper()}") for result in wanted.pop("results")]
    return pb.ListAuditRecordsRequest(acts=acts, results=results, **wanted)


def _all_after(stub: AuditAdminServiceStub, request: pb.ListAuditRecordsRequest) -> Iterator[pb.AuditRecord]:
    """All records from a number on; the request keeps the last one's."""
    has_more = True
    while has_more:
        page = stub.ListAuditRecords(request, timeout=DEADLINE)
        for record in page.records:
            request.after_number = record.number
            yield record
        has_more = page.has_more


def _first(stub: AuditAdminServiceStub, request: pb.ListAuditRecordsRequest, limit: int) -> Iterator[pb.AuditRecord]:
    has_more = True
    while has_more and limit > 0:
        request.page_size = min(limit, PAGE_SIZE)
        page = stub.ListAuditRecords(request, timeout=DEADLINE)
        for record in page.records:
            request.before_number = record.number
            yield record
        limit, has_more = limit - len(page.records), page.has_more


def _print_lines(records: Any, as_json: bool) -> None:
    for record in records:
        click.echo(_line(record) if as_json else _sentence(record))


def _line(record: pb.AuditRecord) -> str:
    """As the stream tells it (core.audit_stream), with the number."""
    return json.dumps(
        {
            "time": _rfc3339(record.at),
            "number": record.number,
            "act": _word(pb.AuditAct.Name(record.act), "AUDIT_ACT_"),
            "result": _word(pb.AuditResult.Name(record.result), "AUDIT_RESULT_"),
            "reason": record.reason,
            "actor_kind": _word(pb.AuditActorKind.Name(record.actor_kind), "AUDIT_ACTOR_KIND_"),
            "actor": record.actor,
            "actor_name": record.actor_name,
            "subject": record.subject,
            "client_id": record.client_id,
            "target": record.target,
            "network": record.network,
            "correlation_id": record.correlation_id,
            "count": record.count,
        },
        separators=(",", ":"),
    )


def _sentence(record: pb.AuditRecord) -> str:
    """One line for people: what is empty is left out."""
    row = _row(record)
    details = (f"{title.lower()}={printable(value)}" for title, value in list(row.items())[4:] if value)
    return " ".join((row["When"], row["What"], row["Result"], f"by {printable(row['Who'])}", *details))


def _row(record: pb.AuditRecord) -> dict[str, str]:
    result = _word(pb.AuditResult.Name(record.result), "AUDIT_RESULT_")
    kind = _word(pb.AuditActorKind.Name(record.actor_kind), "AUDIT_ACTOR_KIND_")
    # Whoever acts is named already, and so is a user who is the target.
    named = [record.actor, record.actor_name, *([record.subject] if record.subject_name == record.target else [])]
    return {
        "When": _rfc3339(record.at),
        "What": _word(pb.AuditAct.Name(record.act), "AUDIT_ACT_"),
        "Result": f"{result} ({record.reason})" if record.reason else result,
        "Who": " ".join(part for part in (kind, record.actor_name or record.actor) if part),
        "Client": _named(record.client_id, record.client_name, record.client_host),
        "User": "" if record.subject in named else _named(record.subject, record.subject_name),
        "Target": record.target,
        "From": record.network,
        "Id": record.correlation_id,
        "Times": "" if record.count == 1 else str(record.count),
    }


def _named(identifier: str, *names: str) -> str:
    """An id, and what it is called now, where it still is."""
    called = ", ".join(name for name in names if name and name != identifier)
    return f"{identifier} ({called})" if called else identifier


def _word(name: str, prefix: str) -> str:
    word = name.removeprefix(prefix).lower()
    return "unknown" if word == "unspecified" else word


def _rfc3339(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
