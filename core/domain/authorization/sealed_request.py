"""The authorization request between the browser's steps: sealed, short-lived, bound to one browser, stored nowhere."""

from dataclasses import dataclass

from core.domain.authorization.parameters import Parameters
from core.domain.clock import Clock
from core.domain.errors import InvalidRequest
from core.domain.keys.browser_seal import BrowserSeal, require_binding
from core.domain.keys.master_key import MasterKeys
from core.domain.randomness import Randomness

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
        self._seal = BrowserSeal(master_keys, clock)
        self._purpose = purpose
        self._randomness = randomness

    def seal(self, parameters: Parameters, browser_binding: bytes, client_metadata: str = "") -> str:
        """The request as one opaque string that opens for 10 minutes and for this browser only.

        Raises:
            InvalidArgument: the binding is not 32 bytes.
        """
        nonce = self._randomness.token_bytes(16)
        body: dict[str, object] = {"n": nonce.hex(), "p": [list(pair) for pair in parameters]}
        if client_metadata:
            body["d"] = client_metadata
        return self._seal.seal(self._purpose, body, browser_binding)

    def require_open(self, sealed: str, browser_binding: bytes) -> SealedRequest:
        """What was sealed.

        Raises:
            InvalidRequest: expired, changed, or sealed for another browser.
            InvalidArgument: the binding is not 32 bytes.
        """
        require_binding(browser_binding)
        body = self._seal.find(self._purpose, sealed, browser_binding)
        if body is None:
            raise InvalidRequest(_EXPIRED)
        parameters = tuple((name, value) for name, value in body["p"])
        return SealedRequest(parameters, bytes.fromhex(body["n"]), body["t"], body.get("d", ""))
