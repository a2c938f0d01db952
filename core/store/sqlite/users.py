"""Users in SQLite. A deleted user leaves no row; whatever names the subject finds nobody."""

from collections.abc import Sequence

from core.domain.users.user import User
from core.store.sqlite.driver import Row
from core.store.sqlite.statements import Statements, WritingStatements, joined, split

COLUMNS = (
    "subject, username, username_key, password_hash, group_names, created_at, disabled_at, last_login_at, "
    "browsers_generation"
)
_FIND = f"SELECT {COLUMNS} FROM users WHERE subject = ?"
_FIND_BY_NAME = f"SELECT {COLUMNS} FROM users WHERE username_key = ?"
_LIST = f"SELECT {COLUMNS} FROM users WHERE username_key > ? ORDER BY username_key LIMIT ?"
_SEARCH = f"""
    SELECT {COLUMNS} FROM users WHERE username_key > ? AND instr(username_key, ?) > 0 ORDER BY username_key LIMIT ?
"""
_CREATE = f"INSERT INTO users ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1"
_CLAIM_FIRST = """
    UPDATE counters SET value = 1
    WHERE name = 'first_user_claimed' AND value = 0 AND NOT EXISTS (SELECT 1 FROM users)
    RETURNING 1
"""
_DISABLE = "UPDATE users SET disabled_at = COALESCE(disabled_at, ?) WHERE subject = ? RETURNING 1"
_ENABLE = "UPDATE users SET disabled_at = NULL WHERE subject = ? RETURNING 1"
_SET_PASSWORD_HASH = "UPDATE users SET password_hash = ? WHERE subject = ? RETURNING 1"
_SET_GROUPS = "UPDATE users SET group_names = ? WHERE subject = ? RETURNING 1"
_RECORD_LOGIN = "UPDATE users SET last_login_at = ? WHERE subject = ? AND disabled_at IS NULL RETURNING 1"
#: Higher than any before, also than those that the database has had after the copy that it was restored from.
_FORGET_ALL_BROWSERS = """
    UPDATE users SET browsers_generation =
        CASE WHEN browsers_generation >= ? THEN browsers_generation + 1 ELSE ? END
"""
_FORGET_BROWSERS = f"{_FORGET_ALL_BROWSERS} WHERE subject = ? RETURNING 1"
_DELETE = "DELETE FROM users WHERE subject = ? RETURNING 1"
_DELETE_IDENTITIES = "DELETE FROM upstream_identities WHERE subject = ?"


class UserReads(Statements):
    """`core.domain.users.user.UserFacts`."""

    def find_user(self, subject: str) -> User | None:
        row = self.row(_FIND, (subject,))
        return None if row is None else read_user(row)

    def find_user_by_name(self, key: str) -> User | None:
        row = self.row(_FIND_BY_NAME, (key,))
        return None if row is None else read_user(row)

    def list_users(self, *, limit: int, after_key: str) -> Sequence[User]:
        return [read_user(row) for row in self.rows(_LIST, (after_key, limit))]

    def search_users(self, key: str, *, limit: int, after_key: str) -> Sequence[User]:
        return [read_user(row) for row in self.rows(_SEARCH, (after_key, key, limit))]


class UserWrites(WritingStatements):
    """`core.domain.users.user.UserIntents`."""

    def create_user(self, user: User) -> bool:
        return self.row(_CREATE, _columns(user)) is not None

    def claim_first_user(self) -> bool:
        return self.row(_CLAIM_FIRST) is not None

    def disable_user(self, subject: str, *, now: int) -> bool:
        return self.row(_DISABLE, (now, subject)) is not None

    def enable_user(self, subject: str) -> bool:
        return self.row(_ENABLE, (subject,)) is not None

    def set_password_hash(self, subject: str, password_hash: str) -> bool:
        return self.row(_SET_PASSWORD_HASH, (password_hash, subject)) is not None

    def set_groups(self, subject: str, groups: tuple[str, ...]) -> bool:
        return self.row(_SET_GROUPS, (joined(groups), subject)) is not None

    def record_login(self, subject: str, *, now: int) -> bool:
        return self.row(_RECORD_LOGIN, (now, subject)) is not None

    def forget_browsers(self, subject: str, *, now: int) -> bool:
        return self.row(_FORGET_BROWSERS, (now, now, subject)) is not None

    def forget_all_browsers(self, *, now: int) -> None:
        self.count(_FORGET_ALL_BROWSERS, (now, now))

    def delete_user(self, subject: str) -> bool:
        self.count(_DELETE_IDENTITIES, (subject,))
        return self.row(_DELETE, (subject,)) is not None


def _columns(user: User) -> tuple[object, ...]:
    return (
        user.subject,
        user.username,
        user.username_key,
        user.password_hash,
        joined(user.groups),
        user.created_at,
        user.disabled_at,
        user.last_login_at,
        user.browsers_generation,
    )


def read_user(row: Row) -> User:
    """A user from a row of COLUMNS."""
    values = list(row)
    values[4] = split(values[4])
    return User(*values)
