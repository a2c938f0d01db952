"""`tokenhouse limits`."""

from collections.abc import Iterator

import click
from tokenhouse.v1 import limit_admin_pb2 as pb
from tokenhouse.v1.limit_admin_pb2_grpc import LimitAdminServiceStub

from core.cli.admin import DEADLINE, PAGE_SIZE, admin_channel, as_json_value, print_answer
from core.cli.invocation import OperatorGroup
from core.cli.output import count, json_option, print_json, print_table, show_time


@click.group(cls=OperatorGroup)
def limits() -> None:
    """Show whose tries are used up, and give them back."""


@limits.command("list")
@click.option("--user", "username", default="", metavar="NAME", help="Only this user's.")
@click.option("--client", "client_id", default="", metavar="CLIENT_ID", help="Only this client's.")
@click.option("--from", "network", default="", metavar="ADDRESS", help="Only those of its network.")
@click.option("--used-up", is_flag=True, help="Only those that have no try left.")
@json_option
def list_limits(username: str, client_id: str, network: str, used_up: bool, as_json: bool) -> None:
    """List the counts of tries that are not all back yet."""
    request = pb.ListLimitsRequest(
        username=username, client_id=client_id, network=network, used_up=used_up, page_size=PAGE_SIZE
    )
    with admin_channel() as channel:
        found = list(_all(LimitAdminServiceStub(channel), request))
    if as_json:
        print_json([as_json_value(limit) for limit in found])
    else:
        print_table(map(_row, found), "All tries are there.")


@limits.command()
@click.argument("limit_id", default="")
@click.option("--user", "username", default="", metavar="NAME", help="All of this user's.")
@click.option("--client", "client_id", default="", metavar="CLIENT_ID", help="All of this client's.")
@click.option("--from", "network", default="", metavar="ADDRESS", help="All of its network.")
@click.option("--all", "everything", is_flag=True, help="All that there are.")
@json_option
def clear(limit_id: str, username: str, client_id: str, network: str, everything: bool, as_json: bool) -> None:
    """Give tries back: of one count, by its id, or of all that match."""
    if not (limit_id or username or client_id or network or everything):
        raise click.UsageError("name an id of `tokenhouse limits list`, or --user, --client, --from or --all")
    request = pb.ClearLimitsRequest(
        limit_id=limit_id, username=username, client_id=client_id, network=network, all=everything
    )
    with admin_channel() as channel:
        answer = LimitAdminServiceStub(channel).ClearLimits(request, timeout=DEADLINE)
    print_answer(answer, f"All tries of {count(answer.cleared, 'count')} are back.", as_json=as_json)


def _all(stub: LimitAdminServiceStub, request: pb.ListLimitsRequest) -> Iterator[pb.Limit]:
    has_more = True
    while has_more:
        page = stub.ListLimits(request, timeout=DEADLINE)
        for limit in page.limits:
            request.after_limit_id = limit.limit_id
            yield limit
        has_more = page.has_more


def _row(limit: pb.Limit) -> dict[str, object]:
    return {
        "Id": limit.limit_id,
        "What": limit.kind or "(of an older version)",
        "Whose": limit.account,
        "From": limit.network,
        "Left": f"{limit.left} of {limit.count}" if limit.count else "off",
        "Next": show_time(limit.next_at) if limit.HasField("next_at") else "now",
        "All": show_time(limit.full_at),
        "Setting": limit.setting,
    }
