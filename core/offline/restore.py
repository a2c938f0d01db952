"""A backup in the place of the database."""

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.config.config import Config
from core.domain.administration.restoring import RestoredBackup, Restoring
from core.domain.audit.origin import Actor, ComingFrom, Origin
from core.domain.clock import ServingClock
from core.domain.errors import FailedPrecondition, StoreUnavailable
from core.domain.keys.key_ring import KeyRing
from core.domain.keys.master_key import MasterKeys
from core.domain.randomness import SystemRandomness
from core.loading import load_master_keys
from core.store.data_folder import require_data_folder
from core.store.master_key_file import MasterKeyMissing, MasterKeyRefused
from core.store.refusal import StoreRefused
from core.store.sqlite.restore import Past, restoring
from core.store.sqlite.store import SqliteStore


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did."""

    #: How many live grants it ended.
    ended_grants: int
    #: Where the database before is kept; None where there was none.
    kept: Path | None
    #: The last time that the backup has seen, in seconds since the epoch; within half a minute of when it was made.
    backup_time: int


def restore_backup(config: Config, file: Path, *, keep_grants: bool, operator: Actor) -> Restored:
    """Put the backup `file` in the place of the database. It happens, or nothing does. `operator`: who does it.

    Raises:
        StoreInUse: a core runs.
        StoreRefused: the file is damaged, newer than this program or no backup; the folder cannot be used, or the disk.
        MasterKeyRefused: the master key cannot be used, or the backup was made under another one.
    """
    require_data_folder(config.server.data_dir)
    with restoring(config.database_folder) as restore:
        try:
            with closing(restore.open_copy(file)) as store:
                past = restore.read_past() or Past(0, 0)
                backup_time = store.persisted_time()
                clock = ServingClock(max(past.noted_time, backup_time))
                with ComingFrom(Origin(operator)):
                    begun = Restoring(store, _open_keys(config, file, store, clock), clock).begin_anew(
                        RestoredBackup(str(file), backup_time),
                        known_revision=max(past.revision, store.current_revision()),
                        keep_grants=keep_grants,
                    )
                if not clock.unconfirmed:
                    store.note_time(clock.now())
        except StoreUnavailable:
            raise StoreRefused(f"the disk of {config.database_folder} is full or fails; nothing was changed") from None
        stamp = datetime.fromtimestamp(clock.now(), UTC).strftime("%Y%m%dT%H%M%SZ")
        return Restored(begun.ended_grants, restore.take_place(stamp), backup_time)


def _open_keys(config: Config, file: Path, store: SqliteStore, clock: ServingClock) -> KeyRing:
    randomness = SystemRandomness()
    try:
        _, keys = load_master_keys(config, randomness, may_create=False)
        return KeyRing(store, MasterKeys(keys, randomness), clock)
    except MasterKeyMissing:
        place = config.keys.master_key_file
        raise MasterKeyRefused(f"there is no master key {place}: put a copy of it there before you restore") from None
    except FailedPrecondition:
        raise MasterKeyRefused(
            f"{file} was made under another master key, and is worth nothing under this one: "
            "put the copy of that key in its place"
        ) from None
