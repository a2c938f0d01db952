"""A backup where no core runs."""

import os

from core.config.config import Config
from core.domain.administration.backups import Backup, BackupAdministration
from core.store.refusal import StoreRefused
from core.store.sqlite import driver
from core.store.sqlite.backup import Copier
from core.store.sqlite.folder import DATABASE, lock_folder, require_private
from core.store.sqlite.replacement import finish_replacement, holds_database


def create_backup(config: Config, path: str, *, overwrite: bool) -> Backup:
    """Copy the database as it is on the disk; no core can start meanwhile.

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
        return BackupAdministration(copier).create(path, overwrite=overwrite, wanted=lambda: True)
    finally:
        os.close(lock)
