"""`tokenhouse clients`."""

import json
from collections.abc import Iterator
from typing import Any, TextIO

import click
from tokenhouse.v1 import client_admin_pb2 as pb
from tokenhouse.v1.client_admin_pb2_grpc import ClientAdminServiceStub

from core.cli.admin import DEADLINE, PAGE_SIZE, admin_channel, as_json_value, print_answer
from core.cli.invocation import OperatorGroup
from core.cli.output import count, json_option, print_facts, print_json, print_table, show_time
from core.cli.registration_tokens import registration_tokens


@click.group(cls=OperatorGroup)
def clients() -> None:
    """Add, show, delete and block clients."""


clients.add_command(registration_tokens)


@clients.command("list")
@click.option("--containing", metavar="TEXT", default="", help="Only those whose name or id holds TEXT.")
@json_option
def list_clients(containing: str, as_json: bool) -> None:
    """List clients by client_id."""
    with admin_channel() as channel:
        found = list(_all_clients(ClientAdminServiceStub(channel), containing))
    if as_json:
        print_json([_json_of(client) for client in found])
    else:
        print_table(map(_row, found), "There is no client.")


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
        print_facts({**_row(client), **_terms(client), "Metadata": client.metadata})


@clients.command()
@click.argument("client_id", default="")
@click.option("--name", default="", help="What users see on the consent page.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="Where users are sent back to; repeatable.")
@click.option("--grant-type", "grant_types", multiple=True, help="As registered with IANA (RFC 7591); repeatable.")
@click.option("--scope", "scope", multiple=True, help="A scope that it may have; repeatable. None: any.")
@click.option(
    "--resource",
    "resources",
    multiple=True,
    help="It is this service itself, and may ask about tokens for it (introspection); repeatable.",
)
@click.option(
    "--key-file",
    type=click.File(encoding="utf-8"),
    help="Its public key for private_key_jwt: a JWK, a JWK Set, or PEM.",
)
@click.option("--jwks-uri", default="", help="Where its public keys for private_key_jwt stand instead, an https URL.")
@click.option(
    "--auth-method",
    default="",
    help="How it says who it is: client_secret_basic, client_secret_post, private_key_jwt, or none for a public client."
    "  [default: client_secret_basic; with a key private_key_jwt]",
)
@json_option
def add(
    client_id: str,
    name: str,
    redirect_uris: tuple[str, ...],
    grant_types: tuple[str, ...],
    scope: tuple[str, ...],
    resources: tuple[str, ...],
    key_file: TextIO | None,
    jwks_uri: str,
    auth_method: str,
    as_json: bool,
) -> None:
    """Register a client, and show its secret once. Without CLIENT_ID it gets a new one."""
    if not (redirect_uris or grant_types or resources):
        raise click.UsageError("name --redirect-uri, --grant-type (client_credentials, say) or --resource")
    request = pb.CreateClientRequest(
        client_id=client_id,
        client_name=name,
        redirect_uris=redirect_uris,
        grant_types=grant_types,
        scope=scope,
        resources=resources,
        keys=key_file.read() if key_file else "",
        jwks_uri=jwks_uri,
        token_endpoint_auth_method=auth_method
        or ("private_key_jwt" if key_file or jwks_uri else "client_secret_basic"),
    )
    with admin_channel() as channel:
        answer = ClientAdminServiceStub(channel).CreateClient(request, timeout=DEADLINE)
    if as_json:
        print_json({"client": _json_of(answer.client), "client_secret": answer.client_secret or None})
        return
    click.echo(f"{answer.client.client_id} is added.")
    if answer.client_secret:
        _show_secret(answer.client_secret)


@clients.command("add-secret")
@click.argument("client_id")
@json_option
def add_secret(client_id: str, as_json: bool) -> None:
    """Make one more secret, good beside the others, and show it once."""
    request = pb.AddClientSecretRequest(client_id=client_id)
    with admin_channel() as channel:
        answer = ClientAdminServiceStub(channel).AddClientSecret(request, timeout=DEADLINE)
    if as_json:
        print_json(as_json_value(answer))
        return
    click.echo(f"{client_id} has another secret, {answer.secret_id}.")
    _show_secret(answer.client_secret)


@clients.command("remove-secret")
@click.argument("client_id")
@click.argument("secret_id")
@json_option
def remove_secret(client_id: str, secret_id: str, as_json: bool) -> None:
    """Take a secret away, once the client uses another one. `clients show` lists them."""
    request = pb.RemoveClientSecretRequest(client_id=client_id, secret_id=secret_id)
    with admin_channel() as channel:
        answer = ClientAdminServiceStub(channel).RemoveClientSecret(request, timeout=DEADLINE)
    print_answer(answer, f"{secret_id} of {client_id} is good for nothing any more.", as_json=as_json)


@clients.command("revoke")
@click.argument("client_id")
@json_option
def revoke_tokens(client_id: str, as_json: bool) -> None:
    """End a client's grants and tokens, its own ones too; it may go on, and get new ones."""
    request = pb.RevokeClientTokensRequest(client_id=client_id)
    with admin_channel() as channel:
        answer = ClientAdminServiceStub(channel).RevokeClientTokens(request, timeout=DEADLINE)
    print_answer(
        answer,
        f"Every token of {client_id} is revoked; {count(answer.revoked_grants, 'grant')} ended.",
        as_json=as_json,
    )


@clients.command()
@click.argument("client_id")
@json_option
def delete(client_id: str, as_json: bool) -> None:
    """Delete a client and end its grants; one that had registered by itself may do so again."""
    request = pb.DeleteClientRequest(client_id=client_id)
    with admin_channel() as channel:
        answer = ClientAdminServiceStub(channel).DeleteClient(request, timeout=DEADLINE)
    print_answer(answer, f"{client_id} is deleted; {count(answer.revoked_grants, 'grant')} ended.", as_json=as_json)


@clients.command()
@click.argument("client_id")
@json_option
def block(client_id: str, as_json: bool) -> None:
    """Block a client and end its grants. It may not register again until it is unblocked."""
    request = pb.BlockClientRequest(client_id=client_id)
    with admin_channel() as channel:
        answer = ClientAdminServiceStub(channel).BlockClient(request, timeout=DEADLINE)
    print_answer(answer, f"{client_id} is blocked; {count(answer.revoked_grants, 'grant')} ended.", as_json=as_json)


@clients.command()
@click.argument("client_id")
@json_option
def unblock(client_id: str, as_json: bool) -> None:
    """Let a blocked client in again; what ended stays ended."""
    request = pb.UnblockClientRequest(client_id=client_id)
    with admin_channel() as channel:
        answer = ClientAdminServiceStub(channel).UnblockClient(request, timeout=DEADLINE)
    print_answer(answer, f"{client_id} is no longer blocked.", as_json=as_json)


def _all_clients(stub: ClientAdminServiceStub, containing: str) -> Iterator[pb.Client]:
    request = pb.ListClientsRequest(page_size=PAGE_SIZE, containing=containing)
    while True:
        page = stub.ListClients(request, timeout=DEADLINE)
        yield from page.clients
        if not page.has_more or not page.clients:
            return
        request.after_client_id = page.clients[-1].client_id


def _show_secret(secret: str) -> None:
    click.echo(f"Its secret is shown this once:\n\n  {secret}\n")


def _terms(client: pb.Client) -> dict[str, object]:
    if not client.preregistered:
        return {}
    return {
        "Authenticates": client.token_endpoint_auth_method,
        "Secrets": [f"{secret.secret_id}, made {show_time(secret.created_at)}" for secret in client.secrets] or "none",
        "Grant types": list(client.grant_types),
        "Scopes": list(client.scope) or "any",
        "Is": list(client.resources) or "no resource",
    }


def _json_of(client: pb.Client) -> dict[str, Any]:
    return {**as_json_value(client), "metadata": json.loads(client.metadata or "{}")}


def _row(client: pb.Client) -> dict[str, object]:
    return {
        "Client": client.client_id,
        "Name": client.client_name,
        "Redirect URIs": list(client.redirect_uris),
        "State": "blocked" if client.blocked else "active",
        "Registered": show_time(client.created_at),
        "Users": client.users,
        "Last used": show_time(client.last_used_at) if client.HasField("last_used_at") else "never",
    }
