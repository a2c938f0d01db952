"""`tokenhouse backup`."""

from pathlib import Path

import click
from tokenhouse.v1 import backup_admin_pb2 as pb
from tokenhouse.v1.backup_admin_pb2_grpc import BackupAdminServiceStub

from core.cli.admin import admin_channel, own_operator
from core.cli.invocation import OperatorCommand, Refused, load_or_refuse
from core.cli.output import json_option, print_json, show_size
from core.config.config import Config
from core.domain.errors import Refusal
from core.offline.backup import create_backup
from core.store.refusal import StoreInUse, StoreRefused

#: In seconds; a database of many gigabytes takes minutes.
_DEADLINE = 1800


@click.command(cls=OperatorCommand)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace an older backup of that name.")
@json_option
@click.pass_context
def backup(ctx: click.Context, file: Path, overwrite: bool, as_json: bool) -> None:
    """Copy the database, as it is at this moment, to FILE; the server may run meanwhile.

    The master key is not in it, and without the key it is worth nothing: keep copies of both, apart from one another.
    """
    path = Path.cwd() / file
    size, revision = _make(load_or_refuse(ctx), path, overwrite)
    if not path.exists():
        raise Refused(f"the core made {path} where it sees that name, which is not here: is it in a container?")
    if as_json:
        print_json({"path": str(path), "size": size, "revision": revision})
    else:
        click.echo(f"{path} is made ({show_size(size)}). Without the master key it is worth nothing: keep that too.")


def _make(config: Config, path: Path, overwrite: bool) -> tuple[int, int]:
    """The size and the revision of a new backup; a core that runs makes it itself."""
    try:
        made, recorded = create_backup(config, str(path), overwrite=overwrite, operator=own_operator())
    except StoreInUse:
        request = pb.CreateBackupRequest(path=str(path), overwrite=overwrite)
        with admin_channel() as channel:
            answer = BackupAdminServiceStub(channel).CreateBackup(request, timeout=_DEADLINE)
        return answer.size, answer.revision
    except StoreRefused as refusal:
        raise Refused(str(refusal)) from None
    except Refusal as refusal:
        raise Refused(refusal.description) from None
    if not recorded:
        click.echo("tokenhouse: the audit trail does not tell of it: the database could not be written", err=True)
    return made.size, made.revision
