"""What remembering ten thousand tokens takes: what Python has allocated and not given back, before and after."""

import asyncio
import gc
import secrets
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress

from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.contract.changes_pb2 import Snapshot, WatchChangesResponse
from tokenhouse_verifier.contract.validation_pb2 import ValidateTokenResponse
from tokenhouse_verifier.errors import InvalidToken
from tokenhouse_verifier.freshness import now
from tokenhouse_verifier.memory import Memory

from tests.bench.verifying.process import answer, tasks
from tests.bench.verifying.ready import remember_async

_TOKENS = 10_000
_BATCH = 128
_HOUR = 3600


async def measure(target: str, audience: str, tokens: list[str], kind: str) -> float:
    """In MB: tokens of one user; as many that are refused; or tokens of as many users, each with groups of its own."""
    if kind == "of_many_users":
        return _of_many_users(audience)
    warm, measured = tokens[:-_TOKENS], tokens[-_TOKENS:]
    async with AsyncTokenVerifier(target, audience=audience) as verifier:
        await remember_async(verifier, warm)
        before = _megabytes()
        if kind == "of_one_user":
            await remember_async(verifier, measured)
            assert len(verifier._memory.entries) == len(tokens)
        else:
            for token in _strangers(_TOKENS):
                with suppress(InvalidToken):
                    await verifier.verify(token)
            assert len(verifier._memory._refused.until) == _TOKENS
        return _megabytes() - before


def _strangers(count: int) -> Iterator[str]:
    return (f"{secrets.token_urlsafe(32)}.{number}" for number in range(count))


def _of_many_users(audience: str) -> float:
    """Through the memory alone: to make so many users takes an hour."""
    memory = Memory(max_entries=2 * _TOKENS, max_bytes=1 << 30, know_users=False)
    told = WatchChangesResponse(revision=1, sent_at_ms=round(now() * 1000))
    told.snapshot.CopyFrom(Snapshot(begins=True, complete=True))
    memory.apply(told, now())
    before = _megabytes()
    for start in range(0, _TOKENS, _BATCH):
        answers = [(secrets.token_bytes(32), _answer(audience, number)) for number in range(start, start + _BATCH)]
        memory.settle(memory.moment(), answers)
    assert len(memory.entries) >= _TOKENS
    return _megabytes() - before


def _answer(audience: str, number: int) -> ValidateTokenResponse:
    # As the core gives it, of a read message: texts that are nobody else's.
    made = ValidateTokenResponse(
        active=True,
        subject=secrets.token_hex(16),
        username=f"user{number}@example.com",
        client_id=f"client_{secrets.token_hex(16)}",
        scope=["mcp", "files"],
        audience=[audience],
        groups=[f"group {number}", "everybody"],
        expires_at=round(now()) + _HOUR,
        grant_id=secrets.token_hex(16),
        revision=1,
    )
    return ValidateTokenResponse.FromString(made.SerializeToString())


def _megabytes() -> float:
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / 1e6


if __name__ == "__main__":
    tracemalloc.start()
    for task in tasks():
        answer(asyncio.run(measure(**task)))
