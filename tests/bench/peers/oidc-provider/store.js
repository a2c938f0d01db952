// The adapter: each change is a commit of its own that is on the disk before it is answered.

import Database from 'better-sqlite3';

const now = () => Math.floor(Date.now() / 1000);

export function openStore(file) {
  const database = new Database(file, { timeout: 10000 });
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('cache_size = -65536');
  database.exec(`
    CREATE TABLE IF NOT EXISTS artifact (
      model TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, expires_at INTEGER, consumed_at INTEGER,
      grant_id TEXT, uid TEXT, user_code TEXT,
      PRIMARY KEY (model, id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS artifact_of_grant ON artifact (grant_id) WHERE grant_id IS NOT NULL;
    CREATE INDEX IF NOT EXISTS artifact_uid ON artifact (uid) WHERE uid IS NOT NULL;
    CREATE INDEX IF NOT EXISTS artifact_user_code ON artifact (user_code) WHERE user_code IS NOT NULL;
  `);
  return database;
}

// The class that oidc-provider makes one of for each of its models.
export function adapterOf(database) {
  const columns = 'payload, consumed_at';
  const living = '(expires_at IS NULL OR expires_at > ?)';
  const upsert = database.prepare(`
    INSERT INTO artifact (model, id, payload, expires_at, grant_id, uid, user_code) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at,
      grant_id = excluded.grant_id, uid = excluded.uid, user_code = excluded.user_code`);
  const find = database.prepare(`SELECT ${columns} FROM artifact WHERE model = ? AND id = ? AND ${living}`);
  const findByUid = database.prepare(`SELECT ${columns} FROM artifact WHERE uid = ? AND model = ? AND ${living}`);
  const findByUserCode = database.prepare(
    `SELECT ${columns} FROM artifact WHERE user_code = ? AND model = ? AND ${living}`,
  );
  const consume = database.prepare('UPDATE artifact SET consumed_at = ? WHERE model = ? AND id = ?');
  const destroy = database.prepare('DELETE FROM artifact WHERE model = ? AND id = ?');
  const revoke = database.prepare('DELETE FROM artifact WHERE grant_id = ?');

  const read = (row) => {
    if (!row) return undefined;
    const payload = JSON.parse(row.payload);
    return row.consumed_at === null ? payload : { ...payload, consumed: row.consumed_at };
  };

  return class SqliteAdapter {
    constructor(model) {
      this.model = model;
    }

    async upsert(id, payload, expiresIn) {
      const expiresAt = expiresIn ? now() + expiresIn : null;
      const { grantId = null, uid = null, userCode = null } = payload;
      upsert.run(this.model, id, JSON.stringify(payload), expiresAt, grantId, uid, userCode);
    }

    async find(id) {
      return read(find.get(this.model, id, now()));
    }

    async findByUid(uid) {
      return read(findByUid.get(uid, this.model, now()));
    }

    async findByUserCode(userCode) {
      return read(findByUserCode.get(userCode, this.model, now()));
    }

    async consume(id) {
      consume.run(now(), this.model, id);
    }

    async destroy(id) {
      destroy.run(this.model, id);
    }

    async revokeByGrantId(grantId) {
      revoke.run(grantId);
    }
  };
}
