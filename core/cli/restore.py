"""`tokenhouse restore`."""

from pathlib import Path

import click

from core.cli.admin import own_operator
from core.cli.invocation import OperatorCommand, Refused, load_or_refuse
from core.cli.output import count, json_option, print_json, show_time
from core.offline.restore import Restored, restore_backup
from core.store.master_key_file import MasterKeyRefused
from core.store.refusal import StoreInUse, StoreRefused


@click.command(cls=OperatorCommand)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--keep-grants",
    is_flag=True,
    help="Leave grants as they were in the backup, also those that were revoked after it was made.",
)
@json_option
@click.pass_context
def restore(ctx: click.Context, file: Path, keep_grants: bool, as_json: bool) -> None:
    """Put the backup FILE in the place of the database; the core must be stopped.

    Every grant and token made before ends, so that nothing that was revoked after the backup comes back: users connect
    their tools again. The database that was there is kept under another name.
    """
    path = Path.cwd() / file
    try:
        restored = restore_backup(load_or_refuse(ctx), path, keep_grants=keep_grants, operator=own_operator())
    except StoreInUse as refusal:
        raise Refused(f"stop the core before you restore: {refusal}") from None
    except (StoreRefused, MasterKeyRefused) as refusal:
        raise Refused(str(refusal)) from None
    if as_json:
        print_json(_json_of(path, restored))
    else:
        click.echo("\n".join(_lines(path, restored, keep_grants)))


def _json_of(path: Path, restored: Restored) -> dict[str, object]:
    kept = {"kept": str(restored.kept)} if restored.kept else {}
    return {
        "path": str(path),
        "backup_time": restored.backup_time,
        "ended_grants": restored.ended_grants,
        **kept,
    }


def _lines(path: Path, restored: Restored, keep_grants: bool) -> list[str]:
    as_of = f", as of {show_time(restored.backup_time)}" if restored.backup_time else ""
    lines = [f"{path} is restored{as_of}."]
    if restored.kept:
        lines.append(f"The database that was there is kept as {restored.kept}; delete it when nobody needs it.")
    if keep_grants:
        lines += [
            "Grants are as they were in the backup: those that were revoked after it are live again.",
            "Tools that refreshed after it have to be connected again. Access tokens and sign-ins ended.",
        ]
    else:
        lines.append(
            f"{count(restored.ended_grants, 'grant')} ended, and every token: users connect their tools again."
        )
    lines.append("Users, passwords, groups, clients and blocks are those of the backup: repeat what changed since.")
    return lines
