"""The tables of passkeys, as the step `passkeys` makes them. Released: never edited."""

PASSKEY_TABLES = (
    """
    CREATE TABLE passkeys (
        passkey_id TEXT NOT NULL PRIMARY KEY,
        subject TEXT NOT NULL,
        credential_id BLOB NOT NULL UNIQUE,
        user_handle BLOB NOT NULL,
        public_key BLOB NOT NULL,
        sign_count INTEGER NOT NULL,
        aaguid TEXT NOT NULL,
        transports TEXT NOT NULL,
        backup_eligible INTEGER NOT NULL,
        backed_up INTEGER NOT NULL,
        name TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        last_used_at INTEGER
    ) STRICT
    """,
    "CREATE INDEX passkeys_by_subject ON passkeys (subject)",
    "CREATE TABLE passkey_challenges (challenge BLOB NOT NULL PRIMARY KEY, forgotten_at INTEGER NOT NULL) STRICT",
    "CREATE INDEX passkey_challenges_by_forgotten_at ON passkey_challenges (forgotten_at)",
    "ALTER TABLE sessions ADD COLUMN method TEXT NOT NULL DEFAULT ''",
)
