"""`tokenhouse clients registration-token`."""

from pathlib import Path

import click
from tokenhouse.v1 import registration_token_admin_pb2 as pb
from tokenhouse.v1.registration_token_admin_pb2_grpc import RegistrationTokenAdminServiceStub

from core.cli.admin import DEADLINE, admin_channel, as_json_value, print_answer
from core.cli.invocation import OperatorGroup
from core.cli.output import json_option, print_json, print_table, show_time
from core.config.setting import duration_or_never

_LIFETIME = duration_or_never("1s", "3650d")


@click.group("registration-token", cls=OperatorGroup)
def registration_tokens() -> None:
    """Make, show and remove initial access tokens, for Registration.Mode = token."""


def _lifetime(_ctx: click.Context, _option: click.Parameter, value: str) -> int | None:
    try:
        return _LIFETIME(value, Path())
    except ValueError as refusal:
        raise click.BadParameter(f"{refusal}") from None


@registration_tokens.command()
@click.option("--note", default="", help="What it is for.")
@click.option("--expires", "lifetime", default="7d", show_default=True, callback=_lifetime, help="12h, 30d, never.")
@click.option("--uses", type=click.IntRange(1), help="For how many registrations; any number without it.")
@json_option
def add(note: str, lifetime: int | None, uses: int | None, as_json: bool) -> None:
    """Make a token, and show it once."""
    request = pb.CreateRegistrationTokenRequest(note=note, lifetime_seconds=lifetime, uses=uses)
    with admin_channel() as channel:
        stub = RegistrationTokenAdminServiceStub(channel)
        answer = stub.CreateRegistrationToken(request, timeout=DEADLINE)
    if as_json:
        print_json(as_json_value(answer))
        return
    click.echo(f"Registration token {answer.registration_token.token_id} is shown this once:\n")
    click.echo(f"  {answer.initial_access_token}\n")
    click.echo("Whoever registers sends it as Authorization: Bearer … (RFC 7591 §3).")


@registration_tokens.command("list")
@json_option
def list_tokens(as_json: bool) -> None:
    """List tokens, the oldest first; none of them can be read here."""
    with admin_channel() as channel:
        stub = RegistrationTokenAdminServiceStub(channel)
        found = stub.ListRegistrationTokens(pb.ListRegistrationTokensRequest(), timeout=DEADLINE).registration_tokens
    if as_json:
        print_json([as_json_value(token) for token in found])
    else:
        print_table(map(_row, found), "There is no registration token.")


@registration_tokens.command()
@click.argument("token_id")
@json_option
def remove(token_id: str, as_json: bool) -> None:
    """Remove a token; what registered with it stays."""
    request = pb.DeleteRegistrationTokenRequest(token_id=token_id)
    with admin_channel() as channel:
        answer = RegistrationTokenAdminServiceStub(channel).DeleteRegistrationToken(request, timeout=DEADLINE)
    print_answer(answer, f"{token_id} is good for nothing any more.", as_json=as_json)


def _row(token: pb.RegistrationToken) -> dict[str, object]:
    return {
        "Token": token.token_id,
        "Note": token.note,
        "Made": show_time(token.created_at),
        "Expires": show_time(token.expires_at) if token.HasField("expires_at") else "never",
        "Uses left": token.uses_left if token.HasField("uses_left") else "any number",
        "Used": token.uses,
    }
