"""`tokenhouse keys`."""

import click
from tokenhouse.v1 import key_admin_pb2 as pb
from tokenhouse.v1.key_admin_pb2_grpc import KeyAdminServiceStub

from core.cli.admin import DEADLINE, admin_channel, as_json_value, print_answer
from core.cli.invocation import OperatorGroup
from core.cli.output import count, json_option, print_json, print_table, show_time


@click.group(cls=OperatorGroup)
def keys() -> None:
    """Show, rotate and withdraw signing keys; rotate the master key."""


@keys.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """List the signing keys, newest first, and the verifiers that a published one waits for."""
    with admin_channel() as channel:
        found = KeyAdminServiceStub(channel).ListKeys(pb.ListKeysRequest(), timeout=DEADLINE)
    if as_json:
        print_json([as_json_value(key) for key in found.keys])
        return
    print_table(map(_row, found.keys), "There are no signing keys.")
    click.echo(f"\n{count(len(found.verifiers), 'verifier')} connected.")
    if found.HasField("next_rotation_at") and all(key.state != "published" for key in found.keys):
        click.echo(f"The next key is published on {show_time(found.next_rotation_at)}.")


@keys.command()
@click.option("--now", is_flag=True, help="Sign with it at once, whoever has it.")
@click.option("--master", is_flag=True, help="Rotate the master key instead of the signing key.")
@json_option
def rotate(now: bool, master: bool, as_json: bool) -> None:
    """Make a new key. A signing key signs when every connected verifier has it; the old one goes on verifying."""
    if now and master:
        raise click.UsageError("--now is for signing keys: a master key is in use at once.")
    with admin_channel() as channel:
        stub = KeyAdminServiceStub(channel)
        if master:
            _print_master_key(stub.RotateMasterKey(pb.RotateMasterKeyRequest(), timeout=DEADLINE), as_json)
        else:
            request = pb.RotateSigningKeyRequest(now=now)
            _print_signing_key(stub.RotateSigningKey(request, timeout=DEADLINE).key, as_json)


@keys.command()
@click.argument("key_id", metavar="KID")
@json_option
def withdraw(key_id: str, as_json: bool) -> None:
    """Trust the signing key KID no more, because somebody else may have it: every token that it signed ends.

    Where it signs, another key signs at once. Tools that hold a refresh token get new access tokens by themselves.
    """
    request = pb.WithdrawSigningKeyRequest(key_id=key_id)
    with admin_channel() as channel:
        answer = KeyAdminServiceStub(channel).WithdrawSigningKey(request, timeout=DEADLINE)
    if as_json:
        print_json(as_json_value(answer))
        return
    click.echo(f"Signing key {key_id} is withdrawn; every token that it signed has ended.")
    if answer.HasField("successor"):
        click.echo(_describe(answer.successor))


def _print_master_key(answer: pb.RotateMasterKeyResponse, as_json: bool) -> None:
    print_answer(answer, f"Master key {answer.master_key_id} is in use. Back up its file.", as_json=as_json)


def _print_signing_key(key: pb.SigningKey, as_json: bool) -> None:
    if as_json:
        print_json(as_json_value(key))
    else:
        click.echo(_describe(key))


def _describe(key: pb.SigningKey) -> str:
    if key.state == "signing":
        return f"Signing key {key.key_id} is in use."
    return (
        f"Signing key {key.key_id} is published. It signs as soon as every connected verifier has it, and on "
        f"{show_time(key.signs_by)} at the latest."
    )


def _row(key: pb.SigningKey) -> dict[str, object]:
    until = {"published": ("signs by", key.signs_by), "retired": ("verifies until", key.verifies_until)}.get(key.state)
    return {
        "Key": key.key_id,
        "Algorithm": key.algorithm,
        "State": key.state,
        "Since": show_time(key.state_since),
        "Until": "" if until is None else f"{until[0]} {show_time(until[1])}",
        "Waits for": [f"{each.name} {each.address}".lstrip() for each in key.laggards],
    }
