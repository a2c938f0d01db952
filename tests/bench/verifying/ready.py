"""A verifier that follows the changes and remembers some tokens."""

import asyncio
import time
from collections.abc import Sequence

from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.verification import Verification
from tokenhouse_verifier.verifier import TokenVerifier

_PATIENCE = 30.0
_AT_A_TIME = 512


def remember(verifier: TokenVerifier, tokens: Sequence[str]) -> None:
    """Have it remember them, its connection and its changes being there."""
    verifier.verify(tokens[0], timeout=_PATIENCE)
    _wait_for_changes(verifier)
    for token in tokens:
        verifier.verify(token, timeout=_PATIENCE)


async def remember_async(verifier: AsyncTokenVerifier, tokens: Sequence[str]) -> None:
    """The same for the other form, many at a time."""
    await verifier.verify(tokens[0], timeout=_PATIENCE)
    _wait_for_changes(verifier)
    for start in range(0, len(tokens), _AT_A_TIME):
        await asyncio.gather(
            *(verifier.verify(token, timeout=_PATIENCE) for token in tokens[start : start + _AT_A_TIME])
        )


def _wait_for_changes(verifier: Verification) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not verifier.is_following:
        if time.monotonic() > deadline:
            raise TimeoutError("the changes are not followed")
        time.sleep(0.005)
