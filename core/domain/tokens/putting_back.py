"""Noticing that an older copy of the database was put back by hand: some tokens are newer than it.

Numbers of changes are given out a second time then, so that the revocation that ends such a token may not cover it.
"""

import logging

from core.domain.clock import Clock
from core.domain.tokens.access_token import AccessToken

_log = logging.getLogger(__name__)


class PuttingBack:
    """What the database knew when this process began."""

    def __init__(self, clock: Clock) -> None:
        self._began = clock.now()
        self._found = 0
        self._told = False

    def begin(self, revision: int) -> None:
        """This is the revision that was found."""
        self._found = revision

    def has_lost(self, token: AccessToken, revision: int) -> bool:
        """Whether a genuine token was made by a database that this one, now at `revision`, has not grown from."""
        known = self._found if token.issued_at < self._began else revision
        if token.revision <= known:
            return False
        if not self._told:
            self._told = True
            _log.critical(
                "a token of ours is newer than the database, which an older copy was put in place of: "
                "such tokens are refused; stop the core, and let `tokenhouse restore` put the copy back",
                extra={"database_revision": revision, "token_revision": token.revision},
            )
        return True
