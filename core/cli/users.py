"""`tokenhouse users`."""

import sys
from collections.abc import Iterator

import click
from tokenhouse.v1 import user_admin_pb2 as pb
from tokenhouse.v1.user_admin_pb2_grpc import UserAdminServiceStub

from core.cli.admin import DEADLINE, PAGE_SIZE, admin_channel, as_json_value, print_answer
from core.cli.invocation import OperatorGroup
from core.cli.output import count, json_option, print_facts, print_json, print_table, show_time
from core.cli.passwords import password_option, read_password


@click.group(cls=OperatorGroup)
def users() -> None:
    """Add, show and change users."""


@users.command()
@click.argument("name")
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="A group of the user; may be repeated.")
@password_option
@json_option
def add(name: str, groups: tuple[str, ...], password_stdin: bool, as_json: bool) -> None:
    """Add a user."""
    request = pb.CreateUserRequest(username=name, password=read_password(password_stdin), groups=groups)
    with admin_channel() as channel:
        user = UserAdminServiceStub(channel).CreateUser(request, timeout=DEADLINE).user
    _print_user(user, as_json)


@users.command("list")
@click.option("--containing", metavar="TEXT", default="", help="Only those whose name holds TEXT.")
@json_option
def list_users(containing: str, as_json: bool) -> None:
    """List users by name."""
    with admin_channel() as channel:
        found = list(_all_users(UserAdminServiceStub(channel), containing))
    if as_json:
        print_json([as_json_value(user) for user in found])
    else:
        print_table(map(_row, found), "There are no users.")


@users.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show one user."""
    with admin_channel() as channel:
        user = UserAdminServiceStub(channel).GetUser(pb.GetUserRequest(username=name), timeout=DEADLINE).user
    _print_user(user, as_json)


@users.command()
@click.argument("name")
@json_option
def disable(name: str, as_json: bool) -> None:
    """Disable a user. Their tokens, grants and sessions end at once, for good."""
    with admin_channel() as channel:
        answer = UserAdminServiceStub(channel).DisableUser(pb.DisableUserRequest(username=name), timeout=DEADLINE)
    print_answer(answer, f"{name} is disabled; {count(answer.revoked_grants, 'grant')} ended.", as_json=as_json)


@users.command()
@click.argument("name")
@json_option
def enable(name: str, as_json: bool) -> None:
    """Enable a user again; what ended stays ended."""
    with admin_channel() as channel:
        answer = UserAdminServiceStub(channel).EnableUser(pb.EnableUserRequest(username=name), timeout=DEADLINE)
    print_answer(answer, f"{name} is enabled.", as_json=as_json)


@users.command("sign-out")
@click.argument("name")
@json_option
def sign_out(name: str, as_json: bool) -> None:
    """End every browser session of a user. What they connected stays connected."""
    with admin_channel() as channel:
        answer = UserAdminServiceStub(channel).SignOutUser(pb.SignOutUserRequest(username=name), timeout=DEADLINE)
    print_answer(answer, f"{name} is signed out; {count(answer.ended_sessions, 'session')} ended.", as_json=as_json)


@users.command()
@click.argument("name")
@json_option
def revoke(name: str, as_json: bool) -> None:
    """End every grant and token of a user. They may log in and connect again."""
    request = pb.RevokeUserTokensRequest(username=name)
    with admin_channel() as channel:
        answer = UserAdminServiceStub(channel).RevokeUserTokens(request, timeout=DEADLINE)
    print_answer(answer, f"{name} is disconnected; {count(answer.revoked_grants, 'grant')} ended.", as_json=as_json)


@users.command()
@click.argument("name")
@click.option("--keep-grants", is_flag=True, help="Leave the connected tools connected.")
@password_option
@json_option
def passwd(name: str, keep_grants: bool, password_stdin: bool, as_json: bool) -> None:
    """Set a new password and end the user's sessions and grants."""
    request = pb.SetPasswordRequest(username=name, password=read_password(password_stdin), keep_grants=keep_grants)
    with admin_channel() as channel:
        answer = UserAdminServiceStub(channel).SetPassword(request, timeout=DEADLINE)
    print_answer(answer, f"{name} has a new password; {count(answer.revoked_grants, 'grant')} ended.", as_json=as_json)


@users.command("reset-second-factor")
@click.argument("name")
@json_option
def reset_second_factor(name: str, as_json: bool) -> None:
    """Take a user's second factor away, for who has lost it, passkeys included: a password alone signs them in.

    Their sessions end; what they connected stays.
    """
    with admin_channel() as channel:
        request = pb.ResetSecondFactorRequest(username=name)
        answer = UserAdminServiceStub(channel).ResetSecondFactor(request, timeout=DEADLINE)
    print_answer(
        answer,
        f"{name} has no second factor any more, and every session of theirs ended."
        if answer.reset
        else f"{name} had no second factor.",
        as_json=as_json,
    )


@users.command("remove-passkeys")
@click.argument("name")
@json_option
def remove_passkeys(name: str, as_json: bool) -> None:
    """Remove a user's passkeys, for who has lost them. Codes from a telephone stay; their sessions end."""
    with admin_channel() as channel:
        request = pb.RemovePasskeysRequest(username=name)
        answer = UserAdminServiceStub(channel).RemovePasskeys(request, timeout=DEADLINE)
    ended = ", and every session of theirs ended" if answer.removed else ""
    print_answer(answer, f"{count(answer.removed, 'passkey')} of {name} removed{ended}.", as_json=as_json)


@users.command("set-groups")
@click.argument("name")
@click.argument("groups", nargs=-1)
@json_option
def set_groups(name: str, groups: tuple[str, ...], as_json: bool) -> None:
    """Replace the user's groups. With no group named, the user is in none."""
    with admin_channel() as channel:
        request = pb.SetGroupsRequest(username=name, groups=groups)
        user = UserAdminServiceStub(channel).SetGroups(request, timeout=DEADLINE).user
    _print_user(user, as_json)


@users.command()
@click.argument("name")
@click.argument("provider")
@click.argument("sub")
@json_option
def link(name: str, provider: str, sub: str, as_json: bool) -> None:
    """Let a user sign in at a provider of the settings.

    SUB is how the provider calls the user: the `sub` of its ID tokens, which the log names when it refuses one.
    """
    request = pb.LinkIdentityRequest(username=name, provider=provider, sub=sub)
    with admin_channel() as channel:
        user = UserAdminServiceStub(channel).LinkIdentity(request, timeout=DEADLINE).user
    _print_user(user, as_json)


@users.command()
@click.argument("name")
@click.argument("provider")
@click.argument("sub")
@json_option
def unlink(name: str, provider: str, sub: str, as_json: bool) -> None:
    """Take such a link away and end the user's sessions. PROVIDER is its name in the settings, or its issuer."""
    request = pb.UnlinkIdentityRequest(username=name, issuer=provider, sub=sub)
    with admin_channel() as channel:
        user = UserAdminServiceStub(channel).UnlinkIdentity(request, timeout=DEADLINE).user
    _print_user(user, as_json)


@users.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask, as where there is no terminal.")
@json_option
def delete(name: str, yes: bool, as_json: bool) -> None:
    """Delete a user. Their tokens, grants and sessions end at once, for good."""
    if not yes and sys.stdin.isatty():
        click.confirm(f"Delete {name} and end everything of theirs?", abort=True, err=True)
    with admin_channel() as channel:
        answer = UserAdminServiceStub(channel).DeleteUser(pb.DeleteUserRequest(username=name), timeout=DEADLINE)
    print_answer(answer, f"{name} is deleted; {count(answer.revoked_grants, 'grant')} ended.", as_json=as_json)


def _all_users(stub: UserAdminServiceStub, containing: str) -> Iterator[pb.User]:
    request = pb.ListUsersRequest(page_size=PAGE_SIZE, containing=containing)
    while True:
        page = stub.ListUsers(request, timeout=DEADLINE)
        yield from page.users
        if not page.has_more or not page.users:
            return
        request.after_username = page.users[-1].username


def _row(user: pb.User) -> dict[str, str]:
    return {
        "Name": user.username,
        "Groups": ", ".join(user.groups),
        "State": "disabled" if user.disabled else "active",
        "Created": show_time(user.created_at),
        "Last login": show_time(user.last_login_at) if user.HasField("last_login_at") else "never",
    }


def _print_user(user: pb.User, as_json: bool) -> None:
    if as_json:
        print_json(as_json_value(user))
    else:
        linked = {"Linked": ", ".join(f"{each.sub} of {each.issuer}" for each in user.identities)}
        passkeys = {"Passkeys": ", ".join(f"{each.name} ({each.passkey_id})" for each in user.passkeys)}
        more = {**(linked if user.identities else {}), **(passkeys if user.passkeys else {})}
        print_facts({**_row(user), "Subject": user.subject, **more})
