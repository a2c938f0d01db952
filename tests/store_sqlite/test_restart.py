"""What was answered is there after a restart, however the process ended."""

import os
import subprocess
import sys
from pathlib import Path

from core.domain.grants.grant import RevokeReason
from core.domain.tokens.change import ChangeKind
from core.store.sqlite.store import SqliteStore
from tests.store_contract.nouns import DAY, NOW, a_client, a_grant, a_key, a_session, a_user, an_active_grant
from tests.store_sqlite.conftest import Opener

ROTATOR = """
import sys
from pathlib import Path
from core.store.sqlite.store import open_store
from tests.store_contract.nouns import DAY, NOW, an_active_grant
store = open_store(Path(sys.argv[1]), on_commit=lambda changes: None)
for generation in range(3, 1_000_000):
    rotated = store.write(
        lambda transaction: transaction.rotate_refresh_token(
            an_active_grant().id, generation=generation, attempt_id=b"attempt", now=NOW, idle_expires_at=NOW + DAY
        )
    )
    print(rotated.generation, flush=True)
"""


def test_everything_is_there_after_a_restart(opened: Opener, populated: SqliteStore) -> None:
    """Users, clients, grants, sessions, keys, rates, changes, the revision and the time outlive the process."""
    populated.write(lambda transaction: transaction.create_grant(a_grant()))
    revoked = populated.write(
        lambda transaction: transaction.revoke_grant(a_grant().id, reason=RevokeReason.CODE_REUSED, now=NOW)
    )
    populated.write(lambda transaction: transaction.create_session(a_session()))
    populated.write(lambda transaction: transaction.add_signing_key(a_key()))
    populated.write(lambda transaction: transaction.take_slot(b"key", now_ms=0, interval_ms=500, burst=1))
    populated.write(
        lambda transaction: transaction.record_change(ChangeKind.ALL_REVOKED, "", now=NOW, keep_until=NOW + DAY)
    )
    populated.note_time(NOW)
    changes = populated.list_changes(since=0, now=NOW)
    populated.close()

    store = opened()
    assert store.find_grant(a_grant().id) == revoked
    assert store.find_user("subject-1") == a_user()
    assert store.find_client("client-1") == a_client()
    assert store.find_session(a_session().token_hash, now=NOW) == a_session()
    assert store.list_signing_keys(now=NOW) == [a_key()]
    assert store.write(lambda transaction: transaction.take_slot(b"key", now_ms=0, interval_ms=500, burst=1)) == 500
    assert store.list_changes(since=0, now=NOW) == changes
    assert store.current_revision() == 1
    assert store.persisted_time() == NOW


def test_no_answered_rotation_is_lost_when_the_process_is_killed(
    opened: Opener, populated: SqliteStore, folder: Path
) -> None:
    """After kill -9 the grant stands at the last generation that was answered, or one further."""
    populated.write(lambda transaction: transaction.create_grant(an_active_grant()))
    populated.close()
    with subprocess.Popen([sys.executable, "-c", ROTATOR, str(folder)], stdout=subprocess.PIPE, text=True) as rotator:
        assert rotator.stdout is not None
        lines = [rotator.stdout.readline() for _ in range(200)]
        rotator.kill()
        lines += rotator.stdout.readlines()
    answered = int(lines[-1] if lines[-1].endswith("\n") else lines[-2])
    grant = opened().find_grant(an_active_grant().id)
    assert grant is not None
    assert answered >= 203
    assert grant.generation in (answered, answered + 1)


def test_a_first_start_that_was_interrupted_starts_again(opened: Opener, folder: Path) -> None:
    """What a crash left of a database that was being made is no database, and in nobody's way."""
    folder.mkdir(0o700)
    for name in ("tokenhouse.db.new", "tokenhouse.db.new-wal"):
        (folder / name).write_bytes(os.urandom(100))
    opened().note_time(1)
    assert not list(folder.glob("*.new*"))


def test_an_older_database_gets_the_steps_it_lacks(opened: Opener, folder: Path) -> None:
    """Pending migrations are applied at the start, and one that was applied never again."""
    store = opened()
    store.note_time(1)
    applied = store.rows("SELECT name FROM _sqlite_migrations")
    store.close()
    store = opened()
    assert store.rows("SELECT name FROM _sqlite_migrations") == applied
    assert store.persisted_time() == 1
