"""Which steps of the schema a database has, told without the library that takes them.

Loading that library takes as long as the rest of the store, and nearly every start finds every step taken.
"""

from core.store.sqlite.driver import Connection

#: sqlite-utils' table of the steps that were taken, and our name in it.
TABLE = "_sqlite_migrations"
SET = "tokenhouse"
#: The steps this program knows, in their order: the functions of `migrations`.
STEPS = (
    "initial_schema",
    "signing_keys_before_and_after_they_sign",
    "steps_say_what_they_need",
    "clients_of_operators",
    "device_authorizations",
    "client_assertions_once",
    "registrations_are_renewed",
    "initial_access_tokens",
    "audit_trail",
    "sessions_tell_where_they_began",
    "statistics_in_rings",
    "logins_at_other_providers",
    "limits_say_whose_they_are",
    "second_factors",
    "grants_tell_where_they_are_used",
    "sign_out_elsewhere_says_who",
    "passkeys",
    "grants_tell_what_came_of_refreshes",
    "users_browsers_are_remembered",
)
#: The first step that older programs can ask about a step that they do not know.
FIRST_TO_TELL = "steps_say_what_they_need"


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


def unusable_steps(connection: Connection) -> list[str]:
    """Steps of a newer program, unknown here, that it says this program cannot work with; in the alphabet's order.

    A newer program that only adds, or no longer uses what it takes away, leaves a database that this one opens.

    Raises:
        driver.Error: the database cannot be read.
    """
    taken = taken_steps(connection)
    unknown = taken.difference(STEPS)
    if unknown and FIRST_TO_TELL in taken:
        needs = dict(connection.execute("SELECT step, needs FROM schema_needs").fetchall())
        unknown = frozenset(step for step in unknown if needs.get(step) not in STEPS)
    return sorted(unknown)
