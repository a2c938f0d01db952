"""The schema that the first step makes. It was released, and is never edited: what changes is a step of its own."""

# `purge_at` is when the purge looks at a grant next: it stays where it is while the grant is refreshed, so that a
# rotation touches no index.
INITIAL_SCHEMA = (
    """
    CREATE TABLE grants (
        id BLOB NOT NULL PRIMARY KEY,
        secret BLOB NOT NULL,
        client_id TEXT NOT NULL,
        subject TEXT NOT NULL,
        scope TEXT NOT NULL,
        resources TEXT NOT NULL,
        redirect_uri TEXT NOT NULL,
        code_challenge TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'dead', 'revoked')),
        generation INTEGER NOT NULL,
        attempt_id BLOB,
        created_at INTEGER NOT NULL,
        code_expires_at INTEGER NOT NULL,
        rotated_at INTEGER,
        idle_expires_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        revoked_at INTEGER,
        revoke_reason TEXT,
        purge_at INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX grants_by_subject ON grants (subject, created_at)",
    "CREATE INDEX grants_by_client ON grants (client_id, created_at)",
    "CREATE INDEX grants_by_created_at ON grants (created_at)",
    "CREATE INDEX grants_by_purge_at ON grants (purge_at)",
    """
    CREATE TABLE clients (
        client_id TEXT NOT NULL PRIMARY KEY,
        metadata TEXT NOT NULL,
        client_name TEXT NOT NULL,
        redirect_uris TEXT NOT NULL,
        grant_types TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        last_used_at INTEGER,
        blocked_at INTEGER,
        deleted_at INTEGER
    ) STRICT
    """,
    """
    CREATE TABLE users (
        subject TEXT NOT NULL PRIMARY KEY,
        username TEXT NOT NULL,
        username_key TEXT NOT NULL UNIQUE,
        password_hash TEXT NOT NULL,
        group_names TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        disabled_at INTEGER,
        last_login_at INTEGER
    ) STRICT
    """,
    """
    CREATE TABLE sessions (
        token_hash BLOB NOT NULL PRIMARY KEY,
        subject TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX sessions_by_subject ON sessions (subject)",
    "CREATE INDEX sessions_by_expires_at ON sessions (expires_at)",
    """
    CREATE TABLE signing_keys (
        key_id TEXT NOT NULL PRIMARY KEY,
        public_jwk TEXT NOT NULL,
        wrapped_private_key BLOB NOT NULL,
        master_key_id INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        retires_at INTEGER
    ) STRICT
    """,
    """
    CREATE TABLE rates (
        key BLOB NOT NULL PRIMARY KEY,
        full_at_ms INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX rates_by_full_at_ms ON rates (full_at_ms)",
    """
    CREATE TABLE changes (
        revision INTEGER NOT NULL PRIMARY KEY,
        kind INTEGER NOT NULL,
        target TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        keep_until INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX changes_by_keep_until ON changes (keep_until)",
    """
    CREATE TABLE counters (
        name TEXT NOT NULL PRIMARY KEY,
        value INTEGER NOT NULL
    ) STRICT
    """,
    "INSERT INTO counters (name, value) VALUES ('revision', 0), ('noted_time', 0), ('first_user_claimed', 0)",
)
