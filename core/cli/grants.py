"""`tokenhouse grants`."""

from collections.abc import Iterator

import click
from tokenhouse.v1 import grant_admin_pb2 as pb
from tokenhouse.v1.grant_admin_pb2_grpc import GrantAdminServiceStub

from core.cli.admin import DEADLINE, PAGE_SIZE, admin_channel, as_json_value, print_answer
from core.cli.invocation import OperatorGroup
from core.cli.output import json_option, print_facts, print_json, print_table, show_time


@click.group(cls=OperatorGroup)
def grants() -> None:
    """Show and revoke what users gave to clients."""


@grants.command("list")
@click.option("--user", "username", default="", metavar="NAME", help="Only this user's.")
@click.option("--client", "client_id", default="", metavar="CLIENT_ID", help="Only this client's.")
@click.option("--all", "include_ended", is_flag=True, help="Also those that ended.")
@json_option
def list_grants(username: str, client_id: str, include_ended: bool, as_json: bool) -> None:
    """List grants, newest first."""
    request = pb.ListGrantsRequest(
        username=username, client_id=client_id, include_ended=include_ended, page_size=PAGE_SIZE
    )
    with admin_channel() as channel:
        found = list(_all_grants(GrantAdminServiceStub(channel), request))
    if as_json:
        print_json([as_json_value(grant) for grant in found])
    else:
        print_table(map(_row, found), "There are no such grants.")


@grants.command()
@click.argument("grant_id")
@json_option
def show(grant_id: str, as_json: bool) -> None:
    """Show one grant."""
    request = pb.GetGrantRequest(grant_id=grant_id)
    with admin_channel() as channel:
        grant = GrantAdminServiceStub(channel).GetGrant(request, timeout=DEADLINE).grant
    if as_json:
        print_json(as_json_value(grant))
    else:
        used = [f"{use.service}, {show_time(use.last_used_at)}" for use in grant.uses]
        came_of = [f"{each.verdict} {each.count}, last {show_time(each.last_at)}" for each in grant.verdicts]
        facts = {"Generation": grant.generation, "Client ID": grant.client_id, "Refreshes": came_of, "Used at": used}
        print_facts({**_row(grant), **facts})


@grants.command()
@click.argument("grant_id")
@json_option
def revoke(grant_id: str, as_json: bool) -> None:
    """End one grant and every token under it."""
    request = pb.RevokeGrantRequest(grant_id=grant_id)
    with admin_channel() as channel:
        answer = GrantAdminServiceStub(channel).RevokeGrant(request, timeout=DEADLINE)
    print_answer(
        answer, f"{grant_id} is revoked." if answer.revoked else f"{grant_id} had ended before.", as_json=as_json
    )


def _all_grants(stub: GrantAdminServiceStub, request: pb.ListGrantsRequest) -> Iterator[pb.Grant]:
    while True:
        page = stub.ListGrants(request, timeout=DEADLINE)
        yield from page.grants
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def _row(grant: pb.Grant) -> dict[str, object]:
    return {
        "Grant": grant.grant_id,
        "User": grant.username or "(deleted)",
        "Client": grant.client_name or grant.client_id,
        "Scope": " ".join(grant.scope),
        "For": list(grant.resources) or "every service",
        "State": f"{grant.state} ({grant.revoke_reason})" if grant.revoke_reason else grant.state,
        "Given": show_time(grant.created_at),
        "Refreshed": show_time(grant.rotated_at) if grant.HasField("rotated_at") else "never",
        "Ends": show_time(grant.revoked_at if grant.HasField("revoked_at") else grant.expires_at),
    }
