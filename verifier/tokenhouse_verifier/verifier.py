"""The verifier for threads: `TokenVerifier(target, audience=…).verify(token)`."""

import time
from hashlib import sha256
from types import TracebackType
from typing import Self

from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.asking import Asking
from tokenhouse_verifier.batches import Outdated, Question
from tokenhouse_verifier.errors import Unavailable
from tokenhouse_verifier.freshness import now
from tokenhouse_verifier.verification import Verification


class TokenVerifier(Verification):
    """Verifies access tokens from any thread. verifier/README.md tells every argument."""

    def verify(self, token: str, *, timeout: float | None = None) -> AccessToken:
        """What the token says, if it is good for this service at this moment.

        A token that has been seen costs about a microsecond. Another one is asked of the core, for `timeout` seconds
        at the most (by default the verifier's own).

        Raises:
            InvalidToken: expired, revoked, forged, or for another service (RFC 6750 §3.1).
            InsufficientScope: it lacks one of the required scopes.
            InvalidRequest: there is none.
            Unavailable: nobody can tell in time.
        """
        memory = self._memory
        try:
            digest = sha256(token.encode()).digest()
        except UnicodeEncodeError:
            raise self._malformed() from None
        entry = memory.entries.get(digest)
        # No change since it was checked; not expired; and changes have come lately. This order: see `Memory`.
        if entry is not None and entry.checked >= memory.revision:
            at = now()
            if at < entry.expires and at < memory.fresh[0]:
                return entry.token
        return self._verify_unknown(token, digest, timeout)

    def verify_authorization(self, authorization: str | None, *, timeout: float | None = None) -> AccessToken:
        """`verify` for the value of a request's `Authorization` header, None where it has none.

        Raises:
            MissingToken: no header, or another scheme.
            InvalidRequest: no token in the form of RFC 6750 §2.1.
        """
        return self.verify(self._require_bearer(authorization), timeout=timeout)

    def close(self) -> None:
        """End the connection and the thread; every later call raises Unavailable."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin_anew(self) -> None:
        super()._begin_anew()
        self._asking: Asking | None = None

    def _verify_unknown(self, token: str, digest: bytes, timeout: float | None) -> AccessToken:
        left = self._time_for(timeout)
        deadline = time.monotonic() + left
        link = self._begin(token)
        asking = self._asking
        if asking is None:
            # Two at once are no harm: each sends what it has been asked.
            asking = self._asking = Asking(link, self._batches)
        while True:
            found = self._recall(token, digest, link)
            if found is not None:
                return found
            try:
                if left <= 0:
                    raise TimeoutError
                # What a NamedTuple's own constructor does, in a quarter of its time.
                return asking.ask(tuple.__new__(Question, (token, digest)), left)
            except (Unavailable, TimeoutError) as refusal:
                return self._without_core(digest, refusal)
            except Outdated:
                left = deadline - time.monotonic()
