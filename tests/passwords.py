"""Argon2id with little memory: without it most of what the tests compute would be hashes of passwords."""

from core.domain.users.password import Passwords


def quick_passwords() -> Passwords:
    """Hashes that take 64 KiB; what the server's own take is in `tests/domain/sessions/test_login.py`."""
    return Passwords(memory=64)
