"""ID tokens between a login and the sign-out at the same provider, which is told by one whom it signs out.

They say who somebody is. So they are kept sealed, for one session, and leave in the browser's way out alone.
"""

from core.domain.keys.master_key import MasterKeys

#: In characters. One with hundreds of groups fits into no URL (and none is needed: the client's name does it, too).
LONGEST_ID_TOKEN = 4096
_PURPOSE = b"upstream id token"


class IdTokens:
    """Seals ID tokens and opens them again."""

    def __init__(self, master_keys: MasterKeys) -> None:
        self._master_keys = master_keys

    def seal(self, id_token: str, token_hash: bytes) -> bytes | None:
        """For the session with this hash of its token; None for one that is not worth keeping."""
        if not 0 < len(id_token) <= LONGEST_ID_TOKEN:
            return None
        return self._master_keys.seal(_PURPOSE, id_token.encode(), token_hash)

    def find(self, sealed: bytes | None, token_hash: bytes) -> str | None:
        """The ID token; None where there is none, or none that a master key of here opens for this session."""
        opened = None if sealed is None else self._master_keys.find_sealed(_PURPOSE, sealed, token_hash)
        return None if opened is None else opened.decode()
