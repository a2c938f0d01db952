"""`tokenhouse keys`."""

import click
from tokenhouse.v1 import key_admin_pb2 as pb
from tokenhouse.v1.key_admin_pb2_grpc import KeyAdminServiceStub

from core.cli.admin import DEADLINE, admin_channel, as_json_value
from core.cli.invocation import OperatorGroup
from core.cli.output import json_option, print_json, print_table, show_time


@click.group(cls=OperatorGroup)
def keys() -> None:
    """Show and rotate signing keys and the master key."""


@keys.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """List the signing keys that are published, newest first."""
    with admin_channel() as channel:
        found = KeyAdminServiceStub(channel).ListKeys(pb.ListKeysRequest(), timeout=DEADLINE).keys
    if as_json:
        print_json([as_json_value(key) for key in found])
    else:
        print_table(map(_row, found), "There are no signing keys.")


@keys.command()
@click.option("--master", is_flag=True, help="Rotate the master key instead of the signing key.")
@json_option
def rotate(master: bool, as_json: bool) -> None:
    """Make a new key and use it from now on. The old one verifies as long as it is needed."""
    with admin_channel() as channel:
        stub = KeyAdminServiceStub(channel)
        if master:
            _print_master_key(stub.RotateMasterKey(pb.RotateMasterKeyRequest(), timeout=DEADLINE), as_json)
        else:
            _print_signing_key(stub.RotateSigningKey(pb.RotateSigningKeyRequest(), timeout=DEADLINE).key, as_json)


def _print_master_key(answer: pb.RotateMasterKeyResponse, as_json: bool) -> None:
    if as_json:
        print_json(as_json_value(answer))
    else:
        click.echo(f"Master key {answer.master_key_id} is in use. Back up its file.")


def _print_signing_key(key: pb.SigningKey, as_json: bool) -> None:
    if as_json:
        print_json(as_json_value(key))
    else:
        click.echo(f"Signing key {key.key_id} is in use.")


def _row(key: pb.SigningKey) -> dict[str, str]:
    return {
        "Key": key.key_id,
        "Algorithm": key.algorithm,
        "State": key.state,
        "Created": show_time(key.created_at),
        "Retires": show_time(key.retires_at) if key.HasField("retires_at") else "",
    }
