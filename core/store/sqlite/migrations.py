"""The schema, step by step. A step that was released is never edited; the next one is added below it.

Expand before you contract: an older program goes on with a database that a newer one has opened, so that an update can
be taken back. So a step only adds: tables, indexes, and columns that are nullable or have a default. What takes away or
renames comes one release after the program that last used it, and says so: it needs a program that knows the step
with which the use ended. A program refuses a database with a step that needs another one than it knows.

Times are seconds since the epoch unless the name says otherwise. Correctness never depends on an index or a deletion.
"""

from collections.abc import Callable
from typing import Any, cast

from sqlite_utils import Database, Migrations

from core.store.refusal import StoreRefused
from core.store.sqlite.audit_tables import AUDIT_TABLES
from core.store.sqlite.driver import Connection, is_of_this_library
from core.store.sqlite.initial_schema import INITIAL_SCHEMA
from core.store.sqlite.passkey_tables import PASSKEY_TABLES
from core.store.sqlite.schema_steps import FIRST_TO_TELL, SET

MIGRATIONS = Migrations(SET)

_SIGNING_KEY_STATES = (
    "ALTER TABLE signing_keys RENAME COLUMN retires_at TO verifies_until",
    "ALTER TABLE signing_keys ADD COLUMN published_for INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE signing_keys ADD COLUMN signs_since INTEGER",
    "ALTER TABLE signing_keys ADD COLUMN withdrawn_at INTEGER",
    "UPDATE signing_keys SET signs_since = created_at",
)

# No index tells whose client's they are: there are few, and none is older than an hour and the longest lifetime.
_DEVICE_AUTHORIZATIONS = (
    """
    CREATE TABLE device_authorizations (
        id BLOB NOT NULL PRIMARY KEY,
        secret BLOB NOT NULL,
        user_code_tag BLOB NOT NULL UNIQUE,
        client_id TEXT NOT NULL,
        scope TEXT NOT NULL,
        resources TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'dead')),
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        subject TEXT,
        decided_at INTEGER
    ) STRICT
    """,
    "CREATE INDEX device_authorizations_by_expires_at ON device_authorizations (expires_at)",
)

_UPSTREAM = (
    """
    CREATE TABLE upstream_identities (
        issuer TEXT NOT NULL,
        sub TEXT NOT NULL,
        subject TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        PRIMARY KEY (issuer, sub)
    ) STRICT
    """,
    "CREATE INDEX upstream_identities_by_subject ON upstream_identities (subject)",
    "CREATE TABLE upstream_login_states (nonce BLOB NOT NULL PRIMARY KEY, forgotten_at INTEGER NOT NULL) STRICT",
    "CREATE INDEX upstream_login_states_by_forgotten_at ON upstream_login_states (forgotten_at)",
    """
    CREATE TABLE upstream_sessions (
        token_hash BLOB NOT NULL PRIMARY KEY,
        provider TEXT NOT NULL,
        end_session_endpoint TEXT NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX upstream_sessions_by_expires_at ON upstream_sessions (expires_at)",
)


@MIGRATIONS()
def initial_schema(database: Database) -> None:
    """Every table of the first release."""
    for statement in INITIAL_SCHEMA:
        database.execute(statement)


@MIGRATIONS()
def signing_keys_before_and_after_they_sign(database: Database) -> None:
    """A key is published before it signs, and may be withdrawn. Those there are have signed since they were made."""
    for statement in _SIGNING_KEY_STATES:
        database.execute(statement)


@MIGRATIONS()
def steps_say_what_they_need(database: Database) -> None:
    """For programs that do not know a step: which one they must know to go on with it."""
    database.execute("CREATE TABLE schema_needs (step TEXT NOT NULL PRIMARY KEY, needs TEXT NOT NULL) STRICT")


def step(*, needs: str = FIRST_TO_TELL) -> Callable[[Callable[[Database], None]], None]:
    """Every later step: programs that know the step `needs`, and not this one, go on with what it makes."""

    def register(take: Callable[[Database], None]) -> None:
        def take_and_tell(database: Database) -> None:
            take(database)
            database.execute("INSERT INTO schema_needs (step, needs) VALUES (?, ?)", (take.__name__, needs))

        MIGRATIONS(name=take.__name__)(take_and_tell)

    return register


@step()
def clients_of_operators(database: Database) -> None:
    """Clients with terms of their own, and secrets. An older program finds no grant type in such a client's row: it
    knows of no proof, and must not take a name for one."""
    database.execute("ALTER TABLE clients ADD COLUMN terms TEXT")
    database.execute(
        """
        CREATE TABLE client_secrets (
            client_id TEXT NOT NULL,
            secret_id TEXT NOT NULL,
            digest BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (client_id, secret_id)
        ) STRICT
        """
    )


@step()
def device_authorizations(database: Database) -> None:
    """Requests of devices without a browser (RFC 8628)."""
    for statement in _DEVICE_AUTHORIZATIONS:
        database.execute(statement)


@step()
def client_assertions_once(database: Database) -> None:
    """Which assertions of clients were used, until they could be used no more."""
    database.execute(
        """
        CREATE TABLE client_assertions (
            digest BLOB NOT NULL PRIMARY KEY,
            attempt_id BLOB NOT NULL,
            forgotten_at INTEGER NOT NULL
        ) STRICT
        """
    )
    database.execute("CREATE INDEX client_assertions_by_forgotten_at ON client_assertions (forgotten_at)")


@step()
def registrations_are_renewed(database: Database) -> None:
    """When a client last registered again under the id that it had."""
    database.execute("ALTER TABLE clients ADD COLUMN registered_at INTEGER")


@step()
def initial_access_tokens(database: Database) -> None:
    """What lets a client register where that is not open to everybody."""
    database.execute(
        """
        CREATE TABLE registration_tokens (
            token_id TEXT NOT NULL PRIMARY KEY,
            note TEXT NOT NULL,
            digest BLOB NOT NULL UNIQUE,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            uses_left INTEGER,
            uses INTEGER NOT NULL
        ) STRICT
        """
    )


@step()
def audit_trail(database: Database) -> None:
    """What was decided, one row each, in the order of the commits; and by the hour what is counted alone."""
    for statement in AUDIT_TABLES:
        database.execute(statement)


@step()
def sessions_tell_where_they_began(database: Database) -> None:
    """For users who look at their sessions; those there are do not say."""
    database.execute("ALTER TABLE sessions ADD COLUMN network_address TEXT NOT NULL DEFAULT ''")


@step()
def statistics_in_rings(database: Database) -> None:
    """How much happened lately: as many rows as an hour has minutes, a day hours and a month days, and no more."""
    database.execute(
        """
        CREATE TABLE statistics (
            period TEXT NOT NULL,
            place INTEGER NOT NULL,
            began_at INTEGER NOT NULL,
            figures TEXT NOT NULL,
            PRIMARY KEY (period, place)
        ) STRICT
        """
    )


@step()
def logins_at_other_providers(database: Database) -> None:
    """Who is who at other OpenID providers, which of their answers were used, and which sessions came from them."""
    for statement in _UPSTREAM:
        database.execute(statement)


@step()
def limits_say_whose_they_are(database: Database) -> None:
    """What is tried, by whom and from where, for operators to see."""
    for column in ("kind", "account", "network"):
        database.execute(f"ALTER TABLE rates ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")


@step()
def second_factors(database: Database) -> None:
    """Secrets of codes by the clock, and recovery codes. A program that does not know them asks for passwords alone."""
    database.execute(
        """
        CREATE TABLE totps (
            subject TEXT NOT NULL PRIMARY KEY,
            sealed_secret BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            confirmed_at INTEGER,
            last_step INTEGER NOT NULL
        ) STRICT
        """
    )
    database.execute(
        """
        CREATE TABLE recovery_codes (
            subject TEXT NOT NULL,
            digest BLOB NOT NULL,
            PRIMARY KEY (subject, digest)
        ) STRICT
        """
    )


@step()
def grants_tell_where_they_are_used(database: Database) -> None:
    """Which service was shown a token of a grant last, for as long as the grant's own row."""
    database.execute(
        """
        CREATE TABLE grant_uses (
            grant_id BLOB NOT NULL,
            service TEXT NOT NULL,
            last_used_at INTEGER NOT NULL,
            PRIMARY KEY (grant_id, service)
        ) STRICT
        """
    )


@step()
def sign_out_elsewhere_says_who(database: Database) -> None:
    """The ID token of a login at another provider, sealed, for the sign-out there."""
    database.execute("ALTER TABLE upstream_sessions ADD COLUMN sealed_id_token BLOB")


@step()
def passkeys(database: Database) -> None:
    """Credentials of WebAuthn and the challenges that were used; and how the user of a session has signed in. A program
    that does not know them asks for passwords alone."""
    for statement in PASSKEY_TABLES:
        database.execute(statement)


@step()
def grants_tell_what_came_of_refreshes(database: Database) -> None:
    """How often each verdict was given on a grant's refresh tokens, and when last; as long as the grant's own row."""
    database.execute(
        """
        CREATE TABLE grant_verdicts (
            grant_id BLOB NOT NULL,
            verdict TEXT NOT NULL,
            count INTEGER NOT NULL,
            last_at INTEGER NOT NULL,
            PRIMARY KEY (grant_id, verdict)
        ) STRICT
        """
    )


@step()
def users_browsers_are_remembered(database: Database) -> None:
    """Under which number browsers are remembered in which a user has signed in. A program that does not know it
    remembers none, and forgets none."""
    database.execute("ALTER TABLE users ADD COLUMN browsers_generation INTEGER NOT NULL DEFAULT 0")


def migrate(connection: Connection) -> None:
    """Take the steps that are missing.

    Raises:
        StoreRefused: sqlite-utils would bring a second SQLite library along.
        driver.Error: it cannot be written.
    """
    memory = Database(memory=True, execute_plugins=False)
    if not is_of_this_library(memory.conn):
        raise StoreRefused("sqlite-utils does not use pysqlite3; install both into the same environment")
    # Plug-ins of sqlite-utils have no business in this process.
    MIGRATIONS.apply(Database(cast(Any, connection), execute_plugins=False))


def new_schema() -> Connection:
    """An empty database in memory that has every step."""
    database = Database(memory=True, execute_plugins=False)
    MIGRATIONS.apply(database)
    return cast(Connection, database.conn)
