"""`tokenhouse clients`."""

import json
from collections.abc import Iterator
from typing import Any

import click
from tokenhouse.v1 import client_admin_pb2 as pb
from tokenhouse.v1.client_admin_pb2_grpc import ClientAdminServiceStub

from core.cli.admin import DEADLINE, PAGE_SIZE, admin_channel, as_json_value
from core.cli.invocation import OperatorGroup
from core.cli.output import count, json_option, print_facts, print_json, print_table, show_time


@click.group(cls=OperatorGroup)
def clients() -> None:
    """Show, delete and block registered clients."""


@clients.command("list")
@json_option
def list_clients(as_json: bool) -> None:
    """List clients by client_id."""
    with admin_channel() as channel:
        found = list(_all_clients(ClientAdminServiceStub(channel)))
    if as_json:
        print_json([_json_of(client) for client in found])
    else:
        print_table(map(_row, found), "No client has registered.")


@clients.command()
@click.argument("client_id")
@json_option
def show(client_id: str, as_json: bool) -> None:
    """Show one client."""
    request = pb.GetClientRequest(client_id=client_id)
    with admin_channel() as channel:
        client = ClientAdminServiceStub(channel).GetClient(request, timeout=DEADLINE).client
    if as_json:
        print_json(_json_of(client))
    else:
        print_facts({**_row(client), "Metadata": client.metadata})


@clients.command()
@click.argument("client_id")
@json_option
def delete(client_id: str, as_json: bool) -> None:
    """Delete a client and end its grants; it may register again."""
    request = pb.DeleteClientRequest(client_id=client_id)
    with admin_channel() as channel:
        answer = ClientAdminServiceStub(channel).DeleteClient(request, timeout=DEADLINE)
    if as_json:
        print_json(as_json_value(answer))
    else:
        click.echo(f"{client_id} is deleted; {count(answer.revoked_grants, 'grant')} ended.")


@clients.command()
@click.argument("client_id")
@json_option
def block(client_id: str, as_json: bool) -> None:
    """Block a client and end its grants. It may not register again until it is unblocked."""
    request = pb.BlockClientRequest(client_id=client_id)
    with admin_channel() as channel:
        answer = ClientAdminServiceStub(channel).BlockClient(request, timeout=DEADLINE)
    if as_json:
        print_json(as_json_value(answer))
    else:
        click.echo(f"{client_id} is blocked; {count(answer.revoked_grants, 'grant')} ended.")


@clients.command()
@click.argument("client_id")
@json_option
def unblock(client_id: str, as_json: bool) -> None:
    """Let a blocked client in again; what ended stays ended."""
    request = pb.UnblockClientRequest(client_id=client_id)
    with admin_channel() as channel:
        answer = ClientAdminServiceStub(channel).UnblockClient(request, timeout=DEADLINE)
    if as_json:
        print_json(as_json_value(answer))
    else:
        click.echo(f"{client_id} is no longer blocked.")


def _all_clients(stub: ClientAdminServiceStub) -> Iterator[pb.Client]:
    request = pb.ListClientsRequest(page_size=PAGE_SIZE)
    while True:
        page = stub.ListClients(request, timeout=DEADLINE)
        yield from page.clients
        if not page.has_more or not page.clients:
            return
        request.after_client_id = page.clients[-1].client_id


def _json_of(client: pb.Client) -> dict[str, Any]:
    return {**as_json_value(client), "metadata": json.loads(client.metadata or "{}")}


def _row(client: pb.Client) -> dict[str, object]:
    return {
        "Client": client.client_id,
        "Name": client.client_name,
        "Redirect URIs": list(client.redirect_uris),
        "State": "blocked" if client.blocked else "active",
        "Registered": show_time(client.created_at),
        "Last used": show_time(client.last_used_at) if client.HasField("last_used_at") else "never",
    }
