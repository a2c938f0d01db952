"""Backups, as operators make them while the core serves."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.domain.audit.act import Act
from core.domain.audit.record import AuditRecord, record_of
from core.domain.audit.upkeep import AuditUpkeep
from core.domain.clock import Clock
from core.domain.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of the database at one moment, in one file."""

    path: Path
    #: In bytes.
    size: int
    #: The revision of the newest change in it.
    revision: int


class BackupStore(Protocol):
    """Where copies of everything are made."""

    def back_up(self, path: Path, *, overwrite: bool, wanted: Callable[[], bool]) -> Backup:
        """Copy everything, as it is at one moment, to a new file that only its owner may read; on disk at the return.

        Writing goes on meanwhile. Where it fails, or `wanted` says no, nothing is left at `path`, and with
        `overwrite` what was there before.

        Raises:
            AlreadyExists: there is something at `path`, and it may not be overwritten.
            FailedPrecondition: no file can be made there, what is there is no backup, or a backup is being made.
            StoreUnavailable: the database cannot be read, or the backup is no longer wanted.
        """
        ...


class BackupAdministration:
    """Every act on backups."""

    def __init__(self, store: BackupStore, made: Callable[[Backup], None] = lambda _: None) -> None:
        """`made` hears of each backup before anybody is answered."""
        self._store = store
        self._made = made

    def create(self, path: str, *, overwrite: bool, wanted: Callable[[], bool]) -> Backup:
        """Make a backup at `path`.

        Raises:
            InvalidArgument: the path does not begin at the root, or is none.
            AlreadyExists, FailedPrecondition, StoreUnavailable: as `BackupStore.back_up`.
        """
        target = Path(path)
        if not target.is_absolute() or "\0" in path or target.name in ("", ".."):
            raise InvalidArgument("path must name a file, beginning with /")
        backup = self._store.back_up(target, overwrite=overwrite, wanted=wanted)
        self._made(backup)
        return backup


def recording(upkeep: AuditUpkeep, clock: Clock) -> Callable[[Backup], None]:
    """What records each backup in the audit trail: within a second, and on a full disk once there is room."""

    def record(backup: Backup) -> None:
        upkeep.record_soon(record_of_backup(backup, clock.now()))

    return record


def record_of_backup(backup: Backup, at: int) -> AuditRecord:
    """What the audit trail says of it; `at` in seconds since the epoch."""
    return record_of(Act.BACKUP_CREATE, at=at, target=str(backup.path))
