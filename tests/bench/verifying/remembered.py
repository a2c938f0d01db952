"""How many remembered tokens are verified in a second on one core, held against a library that checks the signature."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import jwt
from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.errors import InvalidToken
from tokenhouse_verifier.verifier import TokenVerifier

from tests.bench.verifying.process import answer, tasks
from tests.bench.verifying.ready import remember, remember_async

_VERIFICATIONS = 400_000
_REFUSALS = 50_000
_SIGNATURES = 2_000
_NOBODYS = "nobody's"


def measure(target: str, audience: str, tokens: Sequence[str]) -> dict[str, float]:
    """Calls per second: of `verify` for many tokens and for one, of its other form, of a refusal, of a signature."""
    with TokenVerifier(target, audience=audience) as verifier:
        remember(verifier, tokens)
        policy = verifier._memory.policy
        assert policy is not None
        key = jwt.PyJWK(json.loads(policy.jwks)["keys"][0])
        verify = verifier.verify

        def refuse(token: str) -> None:
            with suppress(InvalidToken):
                verify(token)

        def decode(token: str) -> None:
            jwt.decode(token, key, ["ES256"], audience=audience, issuer=policy.issuer)

        refuse(_NOBODYS)
        return {
            "verify": _rate(verify, tokens, _VERIFICATIONS),
            "verify_one": _rate(verify, tokens[:1], _VERIFICATIONS),
            "refuse": _rate(refuse, [_NOBODYS], _REFUSALS),
            "decode": _rate(decode, tokens[:1], _SIGNATURES),
        }


async def measure_async(target: str, audience: str, tokens: Sequence[str]) -> dict[str, float]:
    """The same of the form for event loops."""
    async with AsyncTokenVerifier(target, audience=audience) as verifier:
        await remember_async(verifier, tokens)
        verify, begun = verifier.verify, time.perf_counter()
        for _ in range(_VERIFICATIONS // len(tokens)):
            for token in tokens:
                await verify(token)
        return {"verify_async": _VERIFICATIONS / (time.perf_counter() - begun)}


def _rate(call: Callable[[str], object], tokens: Sequence[str], count: int) -> float:
    begun = time.perf_counter()
    for _ in range(count // len(tokens)):
        for token in tokens:
            call(token)
    return count / (time.perf_counter() - begun)


if __name__ == "__main__":
    for task in tasks():
        answer(measure(**task) | asyncio.run(measure_async(**task)))
