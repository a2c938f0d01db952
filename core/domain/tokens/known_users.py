"""Users as they are now, in memory, for validation: what a token says of its user is only who it is."""

import logging
import threading
from dataclasses import dataclass
from typing import Protocol

from core.domain.errors import StoreUnavailable
from core.domain.users.user import User, UserFacts

_log = logging.getLogger(__name__)

#: How many are remembered, about 300 bytes each; beyond it the oldest are forgotten, and read again when asked for.
_USERS = 100_000
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class KnownUser:
    """What a service learns of a user."""

    username: str
    groups: tuple[str, ...]
    active: bool


class KnownUsersStore(UserFacts, Protocol):
    """What is needed of a store, for users that have not been met yet."""


class KnownUsers:
    """Every user that a token has been made for is here, unless there are more than fit."""

    def __init__(self, store: KnownUsersStore) -> None:
        self._store = store
        self._users: dict[str, KnownUser] = {}
        self._changes = 0
        self._remembering = threading.Lock()

    def load(self) -> None:
        """Read the users that there are; called before anything can change them."""
        page = self._store.list_users(limit=_PAGE, after_key="")
        while page and len(self._users) < _USERS:
            self._users.update((user.subject, _known(user)) for user in page)
            page = self._store.list_users(limit=_PAGE, after_key=page[-1].username_key)

    def find(self, subject: str) -> KnownUser | None:
        """The user as of now; None where there is none.

        Raises:
            StoreUnavailable: a user that is not remembered cannot be read.
        """
        return self._users.get(subject) or self._read(subject)

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._users)

    def meet(self, subject: str) -> None:
        """A token is made for this user: remember them before it is asked for."""
        if subject not in self._users:
            try:
                self._read(subject)
            except StoreUnavailable as refusal:
                _log.warning("a user was not remembered: %s", refusal.description)

    def change(self, subject: str) -> None:
        """The user changed, and the change is committed; called for one change at a time."""
        with self._remembering:
            self._changes += 1
            self._users.pop(subject, None)
        self.meet(subject)

    def _read(self, subject: str) -> KnownUser | None:
        changes = self._changes
        user = self._store.find_user(subject)
        if user is None:
            return None
        known = _known(user)
        with self._remembering:
            # A change that arrived between the read and now may concern this very user: answer, but do not keep.
            if self._changes == changes:
                while len(self._users) >= _USERS:
                    del self._users[next(iter(self._users))]
                self._users[subject] = known
        return known


def _known(user: User) -> KnownUser:
    return KnownUser(user.username, user.groups, user.active)
