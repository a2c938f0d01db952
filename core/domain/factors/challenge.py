"""A challenge of WebAuthn: random, sealed for one browser and one purpose, short-lived, and used once.

Nothing is stored before it comes back, so asking for challenges fills no disk, and any facade may take the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from core.domain.clock import Clock
from core.domain.errors import InvalidRequest
from core.domain.keys.browser_seal import BrowserSeal
from core.domain.keys.master_key import MasterKeys
from core.domain.randomness import Randomness

#: How long a used one is remembered, in seconds: longer than it can be good.
KEPT_FOR = 3600
#: WebAuthn Level 3 §13.4.3 asks for 16 at least.
_CHALLENGE_BYTES = 32
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
        self._seal = BrowserSeal(master_keys, clock)
        self._randomness = randomness

    def new(self, ceremony: Ceremony, browser_binding: bytes, **about: str) -> tuple[bytes, str]:
        """A challenge, and the same sealed for this browser.

        Raises:
            InvalidArgument: the binding is not 32 bytes.
        """
        value = self._randomness.token_bytes(_CHALLENGE_BYTES)
        return value, self._seal.seal(ceremony.value, {"c": value.hex(), "a": about}, browser_binding)

    def require_open(self, ceremony: Ceremony, sealed: str, browser_binding: bytes) -> Challenge:
        """What was sealed; whether it was used is not looked at here.

        Raises:
            InvalidRequest: expired, changed, or sealed for another browser or ceremony.
        """
        body = self._seal.find(ceremony.value, sealed, browser_binding)
        if body is None:
            raise InvalidRequest(_EXPIRED)
        return Challenge(bytes.fromhex(body["c"]), body["a"])
