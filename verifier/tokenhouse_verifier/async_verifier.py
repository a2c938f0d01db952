"""The verifier for event loops: `await AsyncTokenVerifier(target, audience=…).verify(token)`."""

import asyncio
from hashlib import sha256
from types import TracebackType
from typing import Self

from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.async_asking import AsyncAsking
from tokenhouse_verifier.batches import Outdated, Question
from tokenhouse_verifier.errors import Unavailable
from tokenhouse_verifier.freshness import now
from tokenhouse_verifier.link import Link
from tokenhouse_verifier.verification import Verification


class AsyncTokenVerifier(Verification):
    """Verifies access tokens in any event loop, and asks the core without blocking it.

    The changes are followed by a thread, so that a loop that is busy stays up to date. verifier/README.md tells every
    argument.
    """

    async def verify(self, token: str, *, timeout: float | None = None) -> AccessToken:
        """What the token says, if it is good for this service at this moment; as `TokenVerifier.verify`.

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
        return await self._verify_unknown(token, digest, timeout)

    async def verify_authorization(self, authorization: str | None, *, timeout: float | None = None) -> AccessToken:
        """`verify` for the value of a request's `Authorization` header, None where it has none.

        Raises:
            MissingToken: no header, or another scheme.
            InvalidRequest: no token in the form of RFC 6750 §2.1.
        """
        return await self.verify(self._require_bearer(authorization), timeout=timeout)

    async def close(self) -> None:
        """End the connection and the thread; every later call raises Unavailable."""
        await asyncio.get_running_loop().run_in_executor(None, self._end)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _begin_anew(self) -> None:
        super()._begin_anew()
        self._askings: dict[asyncio.AbstractEventLoop, AsyncAsking] = {}

    async def _verify_unknown(self, token: str, digest: bytes, timeout: float | None) -> AccessToken:
        loop = asyncio.get_running_loop()
        left = self._time_for(timeout)
        deadline = loop.time() + left
        link = self._begin(token)
        asking = self._askings.get(loop) or self._ask_in(loop, link)
        while True:
            found = self._recall(token, digest, link)
            if found is not None:
                return found
            try:
                if left <= 0:
                    raise TimeoutError
                # What a NamedTuple's own constructor does, in a quarter of its time.
                return await asking.ask(tuple.__new__(Question, (token, digest)), left)
            except (Unavailable, TimeoutError) as refusal:
                return self._without_core(digest, refusal)
            except Outdated:
                left = deadline - loop.time()

    def _ask_in(self, loop: asyncio.AbstractEventLoop, link: Link) -> AsyncAsking:
        # Some programs run a loop for each call: those that have ended are let go when another one comes.
        for known in list(self._askings):
            if known.is_closed():
                self._askings.pop(known, None)
        asking = self._askings[loop] = AsyncAsking(link, self._batches)
        return asking
