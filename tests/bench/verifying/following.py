"""Connected verifiers that wait for a token to be revoked; each has it in its memory."""

import time
from collections.abc import Sequence
from contextlib import ExitStack

from tokenhouse_verifier.errors import InvalidToken
from tokenhouse_verifier.verifier import TokenVerifier

from tests.bench.verifying.process import answer, tasks
from tests.bench.verifying.ready import remember

#: Between two looks, in seconds; what is measured is rounded up to it.
_BETWEEN = 0.001
_PATIENCE = 30.0


def refused_at(verifiers: Sequence[TokenVerifier], token: str) -> list[float]:
    """When each of them refused the token, on the monotonic clock, which is the same in every process."""
    waiting, moments = list(verifiers), list[float]()
    deadline = time.monotonic() + _PATIENCE
    while waiting:
        still = [verifier for verifier in waiting if not _refuses(verifier, token)]
        moments.extend([time.monotonic()] * (len(waiting) - len(still)))
        waiting = still
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(waiting)} verifiers still accept the token")
        time.sleep(_BETWEEN)
    return moments


def _refuses(verifier: TokenVerifier, token: str) -> bool:
    try:
        verifier.verify(token, timeout=_PATIENCE)
    except InvalidToken:
        return True
    return False


if __name__ == "__main__":
    with ExitStack() as stack:
        made: list[TokenVerifier] = []
        for task in tasks():
            if "count" in task:
                made = [
                    stack.enter_context(TokenVerifier(task["target"], audience=task["audience"]))
                    for _ in range(task["count"])
                ]
            for each in made:
                remember(each, [task["token"]])
            answer("ready")
            answer(refused_at(made, task["token"]))
