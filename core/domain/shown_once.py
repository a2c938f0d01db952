"""Secrets that are made here and shown once: 256 random bits, kept as their SHA-256, which gives nothing away."""

import hashlib
from base64 import urlsafe_b64encode

#: What `format_secret` wants.
SECRET_BYTES = 32


def format_secret(prefix: str, random_bytes: bytes) -> str:
    """The secret as it is shown; no character of it changes in a form or a header.

    `prefix` is what scanners for secrets that got lost can look for.
    """
    return prefix + urlsafe_b64encode(random_bytes).rstrip(b"=").decode()


def digest_secret(secret: str) -> bytes:
    """What is kept of it."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
