"""Argon2id with little memory: without it most of what the tests compute would be hashes of passwords."""

from types import FunctionType
from typing import cast

from core.domain.users.password import Passwords

#: In KiB; what the server's own hashes take is in `tests/domain/sessions/test_login.py`.
_MEMORY = 64


def quick_passwords() -> Passwords:
    """Hashes that take little memory."""
    return Passwords(memory=_MEMORY)


def hash_quickly() -> None:
    """From now on every hash in this process takes little memory."""
    cast("FunctionType", Passwords.__init__).__defaults__ = (_MEMORY,)
