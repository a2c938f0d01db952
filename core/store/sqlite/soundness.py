"""Whether a database is whole, and whether it is one of ours."""

from typing import Literal

from sqlite_utils import Database

from core.store.sqlite.driver import Connection
from core.store.sqlite.migrations import MIGRATIONS, as_database, known_migrations

_SCHEMA = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite@_%' ESCAPE '@' ORDER BY type, name"
#: What sqlite-utils keeps for itself is its own to change.
_NOT_OURS = "_sqlite_migrations"


def find_damage(connection: Connection, check: Literal["quick_check", "integrity_check"] = "quick_check") -> str:
    """The first thing that is wrong with the file, in SQLite's words; "" where it is whole.

    Raises:
        driver.Error: it is so damaged that nothing can be read.
    """
    findings = connection.execute(f"PRAGMA {check}(1)").fetchall()
    return "" if findings == [("ok",)] else " ".join(str(findings[0][0]).split())


def find_strangeness(connection: Connection) -> str:
    """Why this program cannot use the database, in words that follow upon its name; "" where it can."""
    if not is_ours(connection):
        return "is not a Tokenhouse database"
    if unknown := find_unknown_steps(connection):
        return f"was written by a newer Tokenhouse (it has {', '.join(unknown)}); update this"
    return ""


def is_ours(connection: Connection) -> bool:
    """Whether any step of a schema of ours was ever applied to it."""
    return bool(MIGRATIONS.applied(as_database(connection)))


def find_unknown_steps(connection: Connection) -> list[str]:
    """The steps that a newer program has applied."""
    applied = {migration.name for migration in MIGRATIONS.applied(as_database(connection))}
    return sorted(applied - known_migrations())


def has_own_schema(connection: Connection) -> bool:
    """Whether a database with every step applied has the tables and indexes that these make, and nothing else."""
    expected = Database(memory=True, execute_plugins=False)
    MIGRATIONS.apply(expected)
    return _schema(connection) == _schema(expected.conn)


def _schema(connection: Connection) -> list[tuple[str, str, str]]:
    return [row for row in connection.execute(_SCHEMA).fetchall() if row[1] != _NOT_OURS]
