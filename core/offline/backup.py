"""A backup where no core runs."""

import os
from contextlib import closing
from pathlib import Path

from core.config.config import Config
from core.domain.administration.backups import Backup, BackupAdministration, record_of_backup
from core.domain.audit.origin import Actor, ComingFrom, Origin
from core.domain.clock import ServingClock
from core.domain.errors import StoreUnavailable
from core.store.refusal import StoreRefused
from core.store.sqlite import driver
from core.store.sqlite.backup import Copier
from core.store.sqlite.folder import DATABASE, lock_folder, require_private
from core.store.sqlite.outside import look_from_outside
from core.store.sqlite.replacement import finish_replacement, holds_database
from core.store.sqlite.reserve import Reserve
from core.store.sqlite.store import SqliteStore


def create_backup(config: Config, path: str, *, overwrite: bool, operator: Actor) -> tuple[Backup, bool]:
    """Copy the database as it is on the disk; no core can start meanwhile. And: whether the audit trail tells of it.

    Raises:
        StoreInUse: a core runs; it makes its backups itself.
        StoreRefused: there is no database, or others may use it.
        Refusal: as `BackupAdministration.create`.
    """
    folder = config.database_folder
    if not holds_database(folder):
        raise StoreRefused(f"there is no database in {folder}")
    driver.require_safe_library()
    lock = lock_folder(folder)
    try:
        require_private(folder)
        finish_replacement(folder)
        copier = Copier(folder / DATABASE)
        backup = BackupAdministration(copier).create(path, overwrite=overwrite, wanted=lambda: True)
        return backup, _record(folder, lock, backup, operator)
    finally:
        os.close(lock)


def _record(folder: Path, lock: int, backup: Backup, operator: Actor) -> bool:
    """Write it down, unless the disk is full. The backup is made, whatever becomes of that.

    A database of an older program is left as it is, for whoever makes a backup before an update.
    """
    database = folder / DATABASE
    try:
        with look_from_outside(database) as view:
            if view.is_of_an_older_program() or view.is_of_a_newer_program():
                return False
            now = ServingClock(view.persisted_time()).now()
        # The store lets go of a lock of its own when it is closed; the folder stays ours.
        with closing(SqliteStore(database, os.dup(lock), lambda changes: None, Reserve(folder))) as store:
            if not store.has_room():
                return False
            with ComingFrom(Origin(operator)):
                record = record_of_backup(backup, now)
            store.write(lambda tx: tx.record_act(record))
            return True
    except (StoreRefused, StoreUnavailable, driver.Error):
        return False
