"""The tables of the audit trail, as the step `audit_trail` made them; a released step is never edited."""

AUDIT_TABLES = (
    """
    CREATE TABLE audit_records (
        number INTEGER NOT NULL PRIMARY KEY,
        at INTEGER NOT NULL,
        act TEXT NOT NULL,
        result TEXT NOT NULL,
        reason TEXT NOT NULL,
        actor_kind TEXT NOT NULL,
        actor TEXT NOT NULL,
        actor_name TEXT NOT NULL,
        subject TEXT NOT NULL,
        client_id TEXT NOT NULL,
        target TEXT NOT NULL,
        network TEXT NOT NULL,
        correlation_id TEXT NOT NULL,
        count INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE audit_counts (
        hour INTEGER NOT NULL,
        act TEXT NOT NULL,
        reason TEXT NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (hour, act, reason)
    ) STRICT, WITHOUT ROWID
    """,
)
