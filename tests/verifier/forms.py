"""Both forms of the verifier, asked in the same way."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.errors import NotVerified
from tokenhouse_verifier.verifier import TokenVerifier

#: How long anything is waited for, in seconds.
PATIENCE = 30
FORMS = ("threads", "loop")


class Threads:
    """The verifier for threads."""

    def __init__(self, target: str, **arguments: Any) -> None:
        self.verifier = TokenVerifier(target, **arguments)
        self.verify = self.verifier.verify
        self.verify_authorization = self.verifier.verify_authorization
        self.close = self.verifier.close


class Loop:
    """The verifier for event loops, in a loop that runs in a thread."""

    def __init__(self, target: str, **arguments: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.verifier = AsyncTokenVerifier(target, **arguments)

    def verify(self, token: str, **options: Any) -> AccessToken:
        """`AsyncTokenVerifier.verify`."""
        verified: AccessToken = self._wait(self.verifier.verify(token, **options))
        return verified

    def verify_authorization(self, authorization: str | None, **options: Any) -> AccessToken:
        """`AsyncTokenVerifier.verify_authorization`."""
        verified: AccessToken = self._wait(self.verifier.verify_authorization(authorization, **options))
        return verified

    def close(self) -> None:
        """`AsyncTokenVerifier.close`."""
        self._wait(self.verifier.close())

    def end(self) -> None:
        """End the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def _wait(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE)


Form = Threads | Loop


@contextmanager
def verifying(form: str, target: str, **arguments: Any) -> Iterator[Form]:
    """A verifier for the time of a test."""
    made: Form = Threads(target, **arguments) if form == "threads" else Loop(target, **arguments)
    try:
        yield made
        made.close()
    finally:
        if isinstance(made, Loop):
            made.end()


@contextmanager
def verifying_in_each_form(target: str, **arguments: Any) -> Iterator[list[Form]]:
    """A verifier of each form: what the core goes through, both go through at once."""
    with ExitStack() as stack:
        yield [stack.enter_context(verifying(form, target, **arguments)) for form in FORMS]


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Ask again and again until it holds; `what` is what is waited for."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE} s for {what}")
        time.sleep(0.005)


def follow(form: Form, token: str) -> AccessToken:
    """Verify a token, wait until the changes are followed, and verify it again, so that it is remembered."""
    form.verify(token, timeout=PATIENCE)
    wait_until(lambda: form.verifier.is_following, "the changes to be followed")
    return form.verify(token, timeout=PATIENCE)


def refusal_of(form: Form, token: str, **options: Any) -> NotVerified | None:
    """Why a token is refused; None where it is good."""
    try:
        form.verify(token, **options)
    except NotVerified as refusal:
        return refusal
    return None


def wait_until_refused(form: Form, token: str) -> NotVerified:
    """The refusal that a token which is good for a moment still meets in the end."""
    refusals: list[NotVerified] = []

    def refused() -> bool:
        refusal = refusal_of(form, token, timeout=PATIENCE)
        if refusal is not None:
            refusals.append(refusal)
        return refusal is not None

    wait_until(refused, "the token to be refused")
    return refusals[0]
