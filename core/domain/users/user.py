"""A local user."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.domain.errors import InvalidArgument
from core.domain.sayings import say

#: In characters. No name is longer in any spelling but its own key, and normalising takes the square of the length.
_LONGEST_SPELLING = 1024


@dataclass(frozen=True, slots=True)
class User:
    """A person. `subject` is never used again for somebody else. Times are seconds since the epoch."""

    subject: str
    username: str
    #: `username_key(username)`: what makes two spellings the same name.
    username_key: str
    password_hash: str = field(repr=False)
    groups: tuple[str, ...]
    created_at: int
    disabled_at: int | None = None
    last_login_at: int | None = None
    #: A browser in which they have signed in is remembered under one; what forgets their browsers begins the next.
    browsers_generation: int = 0

    @property
    def active(self) -> bool:
        """May log in and have tokens."""
        return self.disabled_at is None


def username_key(username: str) -> str:
    """The form in which names are compared: NFKC, without regard to case (RFC 8265 §3.3)."""
    if len(username) > _LONGEST_SPELLING:
        return username
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).casefold())


def parse_username(username: str) -> str:
    """A name that can be stored and shown: 1 to 64 printable characters without spaces.

    Raises:
        InvalidArgument: it is not.
    """
    name = unicodedata.normalize("NFC", username[: _LONGEST_SPELLING + 1])
    if not 1 <= len(name) <= 64 or not name.isprintable() or any(character.isspace() for character in name):
        raise InvalidArgument(say("no_username"))
    return name


class UserFacts(Protocol):
    """What can be read of users."""

    def find_user(self, subject: str) -> User | None:
        """The user with this subject."""
        ...

    def find_user_by_name(self, key: str) -> User | None:
        """The user whose `username_key` this is."""
        ...

    def list_users(self, *, limit: int, after_key: str) -> Sequence[User]:
        """Users by username_key, those that come after `after_key`."""
        ...

    def search_users(self, key: str, *, limit: int, after_key: str) -> Sequence[User]:
        """The same, those alone whose `username_key` holds `key`."""
        ...


class UserIntents(Protocol):
    """What can be done to a user inside a transaction. False or None: there is no such user."""

    def create_user(self, user: User) -> bool:
        """False when the name is taken."""
        ...

    def claim_first_user(self) -> bool:
        """True once in the life of a database, and only while it has no user: the right to create the first one."""
        ...

    def disable_user(self, subject: str, *, now: int) -> bool: ...

    def enable_user(self, subject: str) -> bool: ...

    def set_password_hash(self, subject: str, password_hash: str) -> bool: ...

    def set_groups(self, subject: str, groups: tuple[str, ...]) -> bool: ...

    def record_login(self, subject: str, *, now: int) -> bool:
        """Note a successful login; False when the user is gone or disabled, and then nothing was noted."""
        ...

    def forget_browsers(self, subject: str, *, now: int) -> bool:
        """No browser is remembered any more in which the user has signed in before; each counts as a stranger's."""
        ...

    def forget_all_browsers(self, *, now: int) -> None:
        """The same of every user, whatever has been given out since the database was copied."""
        ...

    def delete_user(self, subject: str) -> bool: ...
