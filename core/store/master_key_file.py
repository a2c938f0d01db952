"""The file that holds the master keys: outside the database's folder, readable by its owner alone.

One line a key: its number, a space, 32 bytes in base64url. The highest number is the current key.
"""

import logging
import os
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

from core.domain.errors import StoreUnavailable
from core.domain.keys.master_key import KEY_BYTES
from core.domain.randomness import Randomness

_log = logging.getLogger(__name__)

_HEADER = (
    "# Tokenhouse master keys. Keep a copy of this file apart from the database's: neither is worth anything alone.\n"
)


class MasterKeyRefused(Exception):
    """The master key cannot be used; one line that says why and what to do."""


class MasterKeyMissing(MasterKeyRefused):
    """There is no file."""


class MasterKeyFile:
    """Master keys in a file (`core.domain.administration.keys.MasterKeyKeeper`)."""

    writable = True

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self, randomness: Randomness, *, may_create: bool) -> dict[int, bytes]:
        """The keys by number; makes the file with a first key where there is none and that is allowed.

        Raises:
            MasterKeyMissing: there is none, and it may not be made.
            MasterKeyRefused: readable by others, or not a key file.
        """
        try:
            if not os.path.lexists(self._path):
                if not may_create:
                    raise MasterKeyMissing(
                        f"the database is there but its master key {self._path} is not: restore the file, "
                        "or move the database away to start anew"
                    )
                self._write({1: randomness.token_bytes(KEY_BYTES)})
            self._require_private()
            return self._read()
        except OSError as error:
            raise MasterKeyRefused(f"Keys.MasterKeyFile: {self._path} cannot be used: {error.strerror}") from None

    def append(self, number: int, key: bytes) -> None:
        """Keep one more key; it is on disk when this returns.

        Raises:
            StoreUnavailable: it cannot be written; the file is as it was.
        """
        try:
            self._write({**self._read(), number: key})
        except (OSError, MasterKeyRefused):
            _log.exception("the master key file could not be written")
            raise StoreUnavailable("the master key file could not be written") from None

    def _read(self) -> dict[int, bytes]:
        keys: dict[int, bytes] = {}
        for line in self._path.read_text(encoding="ascii", errors="replace").splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            number, _, encoded = line.partition(" ")
            key = _decode(encoded.strip())
            if not number.isdecimal() or not 1 <= int(number) <= 255 or int(number) in keys or key is None:
                raise MasterKeyRefused(f"{self._path} is not a master key file: restore it from a copy")
            keys[int(number)] = key
        if not keys:
            raise MasterKeyRefused(f"{self._path} holds no master key: restore it from a copy")
        return keys

    def _require_private(self) -> None:
        status = self._path.stat()
        if status.st_uid != os.geteuid():
            raise MasterKeyRefused(f"{self._path} belongs to another user: chown it to the user that runs this")
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise MasterKeyRefused(f"{self._path} can be read by others: chmod 600 {self._path}")

    def _write(self, keys: dict[int, bytes]) -> None:
        """Replace the file whole: a crash leaves the old one or the new one."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self._path.with_name(f"{self._path.name}.new")
        unfinished.unlink(missing_ok=True)
        lines = [f"{number} {urlsafe_b64encode(key).decode()}\n" for number, key in sorted(keys.items())]
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(_HEADER + "".join(lines))
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class MasterKeyFromEnvironment:
    """A master key that the operator hands in; nothing is kept here."""

    writable = False

    def append(self, number: int, key: bytes) -> None:
        """Not possible; callers look at `writable` first."""
        raise MasterKeyRefused("the master key comes from the environment")


def _decode(encoded: str) -> bytes | None:
    try:
        key = urlsafe_b64decode(encoded)
    except ValueError:
        return None
    # The decoder passes over what does not belong there; a damaged key must not be taken for another key.
    return key if len(key) == KEY_BYTES and urlsafe_b64encode(key).decode() == encoded else None
