"""The authorization request between the browser's steps: sealed, short-lived, bound to one browser, stored nowhere."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from core.domain.authorization.parameters import Parameters
from core.domain.clock import Clock
from core.domain.errors import InvalidArgument, InvalidRequest
from core.domain.keys.master_key import MasterKeys
from core.domain.randomness import Randomness

#: In seconds.
LIFETIME = 600
_BINDING_BYTES = 32
_PURPOSE = b"authorization request"
_EXPIRED = "this page has expired or belongs to another browser: go back to your app and start again"


@dataclass(frozen=True, slots=True)
class SealedRequest:
    """What a sealed request holds. The nonce becomes the grant's id, so a request can be decided once."""

    parameters: tuple[tuple[str, str], ...]
    nonce: bytes
    sealed_at: int
    #: What the client's document said, as `MetadataDocument.to_client` keeps it: the user decides about what was shown.
    #: Empty for a client that has registered.
    client_metadata: str


class RequestSeal:
    """Seals authorization requests and opens them again."""

    def __init__(
        self, master_keys: MasterKeys, clock: Clock, randomness: Randomness, purpose: bytes = _PURPOSE
    ) -> None:
        """What was sealed for one `purpose` opens for no other."""
        self._master_keys = master_keys
        self._purpose = purpose
        self._clock = clock
        self._randomness = randomness

    def seal(self, parameters: Parameters, browser_binding: bytes, client_metadata: str = "") -> str:
        """The request as one opaque string that opens for 10 minutes and for this browser only.

        Raises:
            InvalidArgument: the binding is not 32 bytes.
        """
        _require_binding(browser_binding)
        nonce = self._randomness.token_bytes(16)
        body: dict[str, object] = {"n": nonce.hex(), "t": self._clock.now(), "p": [list(pair) for pair in parameters]}
        if client_metadata:
            body["d"] = client_metadata
        plaintext = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return urlsafe_b64encode(self._master_keys.seal(self._purpose, plaintext, browser_binding)).decode()

    def require_open(self, sealed: str, browser_binding: bytes) -> SealedRequest:
        """What was sealed.

        Raises:
            InvalidRequest: expired, changed, or sealed for another browser.
            InvalidArgument: the binding is not 32 bytes.
        """
        _require_binding(browser_binding)
        plaintext = self._master_keys.find_sealed(self._purpose, _decode(sealed), browser_binding)
        if plaintext is None:
            raise InvalidRequest(_EXPIRED)
        body = json.loads(plaintext)
        if not body["t"] <= self._clock.now() < body["t"] + LIFETIME:
            raise InvalidRequest(_EXPIRED)
        parameters = tuple((name, value) for name, value in body["p"])
        return SealedRequest(parameters, bytes.fromhex(body["n"]), body["t"], body.get("d", ""))


def _require_binding(browser_binding: bytes) -> None:
    # An empty one would bind to every browser that brings none.
    if len(browser_binding) != _BINDING_BYTES:
        raise InvalidArgument(f"browser_binding must be {_BINDING_BYTES} bytes")


def _decode(sealed: str) -> bytes:
    """The sealed bytes; nothing where the text is not exactly what encoding them gives."""
    try:
        decoded = urlsafe_b64decode(sealed)
    except (binascii.Error, ValueError):
        return b""
    return decoded if urlsafe_b64encode(decoded).decode() == sealed else b""
