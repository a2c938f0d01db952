"""A challenge of WebAuthn: random, sealed for one browser and one purpose, short-lived, and used once.

Nothing is stored before it comes back, so asking for challenges fills no disk, and any facade may take the answer."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from core.domain.clock import Clock
from core.domain.errors import InvalidArgument, InvalidRequest
from core.domain.keys.master_key import MasterKeys
from core.domain.randomness import Randomness

#: In seconds; WebAuthn Level 3 §5.4 and §5.5 recommend 300 to 600 for a ceremony with user verification.
LIFETIME = 600
#: How long a used one is remembered, in seconds: longer than it can be good.
KEPT_FOR = 3600
#: WebAuthn Level 3 §13.4.3 asks for 16 at least.
_CHALLENGE_BYTES = 32
_BINDING_BYTES = 32
_EXPIRED = "this page has expired or belongs to another browser: start again"


class Ceremony(Enum):
    """What a challenge is for; it is good for nothing else."""

    ADDING = b"passkey to be added"
    LOGIN = b"passkey login"
    SECOND_FACTOR = b"passkey as second factor"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What was sealed."""

    value: bytes = field(repr=False)
    #: What else was sealed with it.
    about: Mapping[str, str]


class Challenges:
    """Makes them, and opens them again."""

    def __init__(self, master_keys: MasterKeys, clock: Clock, randomness: Randomness) -> None:
        self._master_keys = master_keys
        self._clock = clock
        self._randomness = randomness

    def new(self, ceremony: Ceremony, browser_binding: bytes, **about: str) -> tuple[bytes, str]:
        """A challenge, and the same sealed for this browser.

        Raises:
            InvalidArgument: the binding is not 32 bytes.
        """
        # An empty one would bind to every browser that brings none.
        if len(browser_binding) != _BINDING_BYTES:
            raise InvalidArgument(f"browser_binding must be {_BINDING_BYTES} bytes")
        value = self._randomness.token_bytes(_CHALLENGE_BYTES)
        body = {"c": value.hex(), "t": self._clock.now(), "a": about}
        plaintext = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        sealed = self._master_keys.seal(ceremony.value, plaintext, browser_binding)
        return value, urlsafe_b64encode(sealed).decode()

    def require_open(self, ceremony: Ceremony, sealed: str, browser_binding: bytes) -> Challenge:
        """What was sealed; whether it was used is not looked at here.

        Raises:
            InvalidRequest: expired, changed, or sealed for another browser or ceremony.
        """
        try:
            plaintext = self._master_keys.find_sealed(ceremony.value, urlsafe_b64decode(sealed), browser_binding)
        except (Base64Error, ValueError):
            plaintext = None
        body = {} if plaintext is None else json.loads(plaintext)
        if not body or not body["t"] <= self._clock.now() < body["t"] + LIFETIME:
            raise InvalidRequest(_EXPIRED)
        return Challenge(bytes.fromhex(body["c"]), body["a"])
