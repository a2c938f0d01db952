"""Which steps of the schema a database has, told without the library that takes them.

Loading that library takes as long as the rest of the store, and nearly every start finds every step taken.
"""

from core.store.sqlite.driver import Connection

#: sqlite-utils' table of the steps that were taken, and our name in it.
TABLE = "_sqlite_migrations"
SET = "tokenhouse"
#: The steps this program knows, in their order: the functions of `migrations`.
STEPS = ("initial_schema", "signing_keys_before_and_after_they_sign")


def taken_steps(connection: Connection) -> frozenset[str]:
    """The names of all steps that were taken, known here or not.

    Raises:
        driver.Error: the database cannot be read.
    """
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", (TABLE,)).fetchone() is None:
        return frozenset()
    rows = connection.execute(f"SELECT name FROM {TABLE} WHERE migration_set = ?", (SET,)).fetchall()
    return frozenset(name for (name,) in rows)


def is_up_to_date(connection: Connection) -> bool:
    """Whether no step is missing."""
    return taken_steps(connection).issuperset(STEPS)
