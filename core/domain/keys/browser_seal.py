"""What a browser carries from one page to the next: sealed, short-lived, for this browser alone, stored nowhere; and
what it carries for longer, sealed for something else in the place of the browser."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any

from core.domain.clock import Clock
from core.domain.errors import InvalidArgument
from core.domain.keys.master_key import MasterKeys

#: In seconds; WebAuthn Level 3 §5.4 and §5.5 recommend 300 to 600 for a ceremony with user verification.
LIFETIME = 600
_BINDING_BYTES = 32


class BrowserSeal:
    """Seals what a browser is to bring back, and opens it again."""

    def __init__(self, master_keys: MasterKeys, clock: Clock, *, lifetime: int = LIFETIME) -> None:
        """`lifetime` is how long what it seals opens, in seconds."""
        self._master_keys = master_keys
        self._clock = clock
        self._lifetime = lifetime

    def seal(self, purpose: bytes, body: Mapping[str, object], browser_binding: bytes) -> str:
        """One opaque string, which opens for its lifetime, for this `purpose` and in this browser only. Opened, `body`
        has one name more: `t`, the moment of the seal in seconds since the epoch.

        Raises:
            InvalidArgument: the binding is not 32 bytes.
        """
        require_binding(browser_binding)
        stamped = {**body, "t": self._clock.now()}
        plaintext = json.dumps(stamped, ensure_ascii=False, separators=(",", ":")).encode()
        return urlsafe_b64encode(self._master_keys.seal(purpose, plaintext, browser_binding)).decode()

    def find(self, purpose: bytes, sealed: str, browser_binding: bytes) -> dict[str, Any] | None:
        """What was sealed; None where it has expired, was changed, or sealed for something or somebody else."""
        plaintext = self._master_keys.find_sealed(purpose, _decode(sealed), browser_binding)
        if plaintext is None:
            return None
        body: dict[str, Any] = json.loads(plaintext)
        return body if body["t"] <= self._clock.now() < body["t"] + self._lifetime else None


def require_binding(browser_binding: bytes) -> None:
    """Pass where it names a browser.

    Raises:
        InvalidArgument: it is not 32 bytes.
    """
    # An empty one would bind to every browser that brings none.
    if len(browser_binding) != _BINDING_BYTES:
        raise InvalidArgument(f"browser_binding must be {_BINDING_BYTES} bytes")


def _decode(sealed: str) -> bytes:
    """The sealed bytes; nothing where the text is not exactly what encoding them gives."""
    try:
        decoded = urlsafe_b64decode(sealed)
    except (Base64Error, ValueError):
        return b""
    return decoded if urlsafe_b64encode(decoded).decode() == sealed else b""
