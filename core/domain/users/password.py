"""Passwords that people choose: Argon2id (RFC 9106), 19 MiB, two passes, few at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.domain.errors import InvalidArgument, TemporarilyUnavailable

_MINIMUM_LENGTH = 8
_MAXIMUM_LENGTH = 1024
_MEMORY = 19 * 1024
_AT_ONCE = 2
_WAITING = 6


class Passwords:
    """Hashes and verifies passwords: two at a time, a few may wait, the rest are told to come back."""

    def __init__(self, memory: int = _MEMORY) -> None:
        """`memory` is what each hash takes, in KiB."""
        self._hasher = PasswordHasher(time_cost=2, memory_cost=memory, parallelism=1)
        self._running = threading.BoundedSemaphore(_AT_ONCE)
        self._admitted = threading.BoundedSemaphore(_AT_ONCE + _WAITING)
        # Verified against when there is no such user, so that the answer takes as long as for a wrong password. What is
        # hashed has no influence on that, so nothing needs to be hashed for it at each start.
        self._nobody = f"$argon2id$v=19$m={memory},t=2,p=1${'A' * 22}${'A' * 43}"

    def hash(self, password: str) -> str:
        """The Argon2id hash in PHC form.

        Raises:
            InvalidArgument: shorter than 8 or longer than 1,024 characters.
            TemporarilyUnavailable: too many are waiting.
        """
        if not _MINIMUM_LENGTH <= len(password) <= _MAXIMUM_LENGTH:
            raise InvalidArgument(f"a password has {_MINIMUM_LENGTH} to {_MAXIMUM_LENGTH:,} characters")
        with self._turn():
            return self._hasher.hash(password)

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the one hashed; None stands for no such user and takes as long, and so does the
        empty hash of a user who has no password here.

        Raises:
            TemporarilyUnavailable: too many are waiting.
        """
        if len(password) > _MAXIMUM_LENGTH:
            password = ""
        with self._turn():
            try:
                self._hasher.verify(password_hash or self._nobody, password)
            except (VerificationError, InvalidHashError):
                return False
        return bool(password_hash)

    def needs_rehash(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._admitted.acquire(blocking=False):
            raise TemporarilyUnavailable("too many logins at this moment; try again in a few seconds")
        try:
            with self._running:
                yield
        finally:
            self._admitted.release()
