"""Whether a database is whole, and whether it is one of ours."""

from contextlib import closing
from typing import Literal

from core.store.sqlite.driver import Connection
from core.store.sqlite.schema_steps import TABLE, taken_steps, unusable_steps

_SCHEMA = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite@_%' ESCAPE '@' ORDER BY type, name"


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
    if unknown := unusable_steps(connection):
        return f"was written by a newer Tokenhouse (it has {', '.join(unknown)}); update this"
    return ""


def is_ours(connection: Connection) -> bool:
    """Whether any step of a schema of ours was ever applied to it."""
    return bool(taken_steps(connection))


def has_own_schema(connection: Connection) -> bool:
    """Whether a database with every step applied has the tables and indexes that these make, and nothing else."""
    # Loaded where it is wanted: it takes longer than the rest of the store.
    from core.store.sqlite.migrations import new_schema

    with closing(new_schema()) as expected:
        return _schema(connection) == _schema(expected)


def _schema(connection: Connection) -> list[tuple[str, str, str]]:
    # What sqlite-utils keeps for itself is its own to change.
    return [row for row in connection.execute(_SCHEMA).fetchall() if row[1] != TABLE]
